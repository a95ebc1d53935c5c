package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// description is CONTRACT.md for programs. The tests hold every answer to it.
//
//go:embed openapi.yaml
var description []byte

// Console answers what a browser and a generator of clients ask for first, to everybody, of whatever region: the page, which is
// made of the files given, and the description of every route there is (CONTRACT.md §1, §7).
func Console(door *Door, page fs.FS) http.Handler {
	load := sync.OnceValues(func() (*shelf, error) { return read(page) })
	return door.open(func(r *http.Request, _ *caller) (reply, error) {
		if r.URL.Path == "/openapi.yaml" {
			return static("application/yaml", publicCache, description), nil // RFC 9512
		}
		files, err := load()
		if err != nil {
			return reply{}, fmt.Errorf("reading the page: %w", err)
		}
		return files.find(r.URL.EscapedPath())
	})
}

// shelf is the page, ready to be served.
type shelf struct {
	prefix  string // of the files, with their version in it
	index   reply
	replies map[string]reply // by the file's name
}

const (
	// kept is for a file that never changes under its path (RFC 8246).
	kept = "public, max-age=31536000, immutable"
	// policy lets the page load what is its own and nothing else (Content Security Policy Level 3), and nobody frame it.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)

// read takes all files at once. Their version is what they are: a page never gets a file of another one.
func read(page fs.FS) (*shelf, error) {
	names, err := fs.Glob(page, "*")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	texts := make(map[string][]byte)
	sum := sha256.New()
	for _, name := range names {
		if texts[name], err = fs.ReadFile(page, name); err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(texts[name]), texts[name])
	}
	version := hex.EncodeToString(sum.Sum(nil)[:6])
	s := &shelf{prefix: "/console/" + version + "/", replies: make(map[string]reply)}
	for name, text := range texts {
		if name == "index.html" {
			s.index = shown("text/html; charset=utf-8", "no-cache", []byte(strings.ReplaceAll(string(text), "{version}", version)))
			continue
		}
		s.replies[name] = shown(kindOf(name), kept, text)
	}
	return s, nil
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8" // RFC 9239
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

func static(kind, cache string, body []byte) reply {
	return reply{status: http.StatusOK, kind: kind, body: body, header: map[string]string{"Cache-Control": cache}}
}

// shown is static for what a browser shows or runs.
func shown(kind, cache string, body []byte) reply {
	r := static(kind, cache, body)
	r.header["Content-Security-Policy"] = policy
	r.header["Cross-Origin-Opener-Policy"] = "same-origin"
	r.header["Cross-Origin-Resource-Policy"] = "same-origin"
	r.header["Referrer-Policy"] = "no-referrer"
	return r
}

// find takes the path as it was sent, as routes do.
func (s *shelf) find(path string) (reply, error) {
	if path == "/" {
		return s.index, nil
	}
	if name, ok := strings.CutPrefix(path, s.prefix); ok {
		if file, ok := s.replies[name]; ok {
			return file, nil
		}
	}
	return reply{}, refuse(http.StatusNotFound, "Not Found")
}
