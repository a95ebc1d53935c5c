package console_test

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"reprise/shared/console"
)

const (
	maxPage  = 100_000 // bytes of all files, as they are sent without compression
	maxLines = 300
)

// texts is the page's files.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	names, err := fs.Glob(console.Page(), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(console.Page(), name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

func TestThePageIsSmall(t *testing.T) {
	t.Parallel()
	whole := 0
	for name, text := range texts(t) {
		whole += len(text)
		if n := strings.Count(text, "\n"); n > maxLines {
			t.Errorf("%s has %d lines, %d at most", name, n, maxLines)
		}
		if !regexp.MustCompile(`^[a-z0-9-]+\.(html|css|js|svg)$`).MatchString(name) {
			t.Errorf("a file is called %s", name)
		}
	}
	if whole >= maxPage {
		t.Errorf("the page has %d bytes, less than %d are allowed", whole, maxPage)
	}
	t.Logf("page: %d bytes", whole)
}

// used is what a file of the page has loaded: links and scripts of the page itself, imports of scripts.
var used = regexp.MustCompile(`(?:/console/\{version\}/|\bfrom "\./|\bimport\("\./|\bimport "\./|url\("?\./)([a-z0-9.-]+)`)

func TestEveryFileOfThePageIsUsed(t *testing.T) {
	t.Parallel()
	files := texts(t)
	seen := map[string]bool{}
	next := []string{"index.html"}
	for len(next) > 0 {
		name := next[0]
		next = next[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		text, ok := files[name]
		if !ok {
			t.Errorf("%s is used, but not there", name)
		}
		for _, m := range used.FindAllStringSubmatch(text, -1) {
			next = append(next, m[1])
		}
	}
	for name := range files {
		if !seen[name] {
			t.Errorf("nothing uses %s", name)
		}
	}
}

// Nothing in the files can load what is of others, whatever the policy says.
func TestThePageNamesNobodyElse(t *testing.T) {
	t.Parallel()
	for name, text := range texts(t) {
		for line := range strings.Lines(text) {
			if at := regexp.MustCompile(`(?:src|href)="(?:https?:)?//|import .*"https?://|url\(|fetch\("?https?:`).FindString(line); at != "" {
				t.Errorf("%s: %s", name, strings.TrimSpace(line))
			}
		}
		if path.Ext(name) == ".html" && regexp.MustCompile(`<script>|<style|\son[a-z]+=|\sstyle=`).MatchString(text) {
			t.Errorf("%s has script or style in it", name)
		}
		if bytes.ContainsRune([]byte(text), '\r') {
			t.Errorf("%s has other line ends", name)
		}
	}
}
