package demo

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const anywhere = "http://127.0.0.1:8080/"

func TestTheBrowserIsTheOneThatWasChosenElseTheDesktops(t *testing.T) {
	for name, c := range map[string]struct {
		system string
		env    map[string]string
		want   [][]string
	}{
		"none":                       {"linux", nil, nil},
		"a desktop":                  {"linux", map[string]string{"DISPLAY": ":0"}, [][]string{{"xdg-open", anywhere}}},
		"another desktop":            {"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, [][]string{{"xdg-open", anywhere}}},
		"a Mac":                      {"darwin", nil, [][]string{{"open", anywhere}}},
		"one by name":                {"linux", map[string]string{"BROWSER": "firefox"}, [][]string{{"firefox", anywhere}}},
		"one with a place for it":    {"linux", map[string]string{"BROWSER": "chromium --app=%s --new"}, [][]string{{"chromium", "--app=" + anywhere, "--new"}}},
		"two, and a desktop":         {"linux", map[string]string{"BROWSER": "a:b %s", "DISPLAY": ":0"}, [][]string{{"a", anywhere}, {"b", anywhere}, {"xdg-open", anywhere}}},
		"blank parts are no command": {"linux", map[string]string{"BROWSER": ": :"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := browsers(anywhere, c.system, func(key string) string { return c.env[key] })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABrowserThatIsNotThereIsPassedOver(t *testing.T) {
	folder := t.TempDir()
	there := filepath.Join(folder, "there")
	if err := os.WriteFile(there, []byte("#!/bin/sh\nprintf %s \"$1\" > \"$0.new\" && mv \"$0.new\" \"$0.url\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"BROWSER": filepath.Join(folder, "gone") + ":" + there}
	if !openBrowser(anywhere, func(key string) string { return env[key] }) {
		t.Fatal("the second was not started")
	}
	got, err := os.ReadFile(there + ".url")
	for err != nil && t.Context().Err() == nil {
		got, err = os.ReadFile(there + ".url")
	}
	if string(got) != anywhere {
		t.Errorf("it was given %q", got)
	}
	if openBrowser(anywhere, func(string) string { return "" }) {
		t.Error("one was started where there is none")
	}
}
