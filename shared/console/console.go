// Package console is the page of CONTRACT.md §7, as files.
package console

import (
	"embed"
	"io/fs"
)

//go:embed page
var page embed.FS

// Page is the page: index.html, with the style sheets, scripts and pictures that it names. In index.html {version} stands for the
// version under which these are served.
func Page() fs.FS {
	at, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the name above is no path
	}
	return at
}
