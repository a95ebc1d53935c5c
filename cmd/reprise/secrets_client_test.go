package main

import (
	"os"
	"path/filepath"
	"testing"
)

// clients are the commands that ask the API, right and wrong, with a token from the command line and from a file that is in order
// or is not.
func (h *hearsay) clients(t *testing.T, v *victim, secret string) {
	api := "http://" + v.address
	file := filepath.Join(t.TempDir(), "config.yaml")
	defer func() { h.config = "" }()
	for _, kept := range []string{
		"profiles: {default: {api: '" + api + "', token: " + secret + "}}",
		"profiles: {default: {api: '" + api + "', tokne: " + secret + "}}",
		"profiles: {default: {api: '" + api + "', token: [" + secret + "]}}",
		"profiles: {" + secret + ": {api: '" + secret + "'}}",
		"profiles: " + secret,
		"profiles: {default: {token: " + secret,
	} {
		if err := os.WriteFile(file, []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		h.config = file
		for _, args := range [][]string{{"status"}, {"profiles"}, {"profiles", "--output", "json"}, {"webhook", "get"}, {"cancel"}, {"status", "--profile", "nobody"}} {
			h.tell(t, args...)
		}
	}
	h.config = ""
	signed := []string{"--api", api, "--token", v.admin}
	for _, args := range [][]string{
		{"status", "--slices"},
		{"status", "--region", secret},
		{"replay", "--last", "1h"},
		{"replay", "--last", secret},
		{"replay", "--from", secret},
		{"replay", "--from", "2026-01-01T00:00:00Z", "--to", secret},
		{"webhook", "set", "--endpoint", "https://u:" + secret + "@example.org/"},
		{"webhook", "set", "--format", secret},
		{"webhook", "set", "--authorization-from", secret},
		{"webhook", "test"},
		{"cancel"},
		{"status", "--profile", secret},
		{"status", secret},
	} {
		h.tell(t, append(args, signed...)...)
	}
	for _, args := range [][]string{
		{"status", "--api", "http://127.0.0.1:1", "--token", secret, "--watch"},
		{"cancel", "--api", api, "--token", secret + "x"},
		{"status", "--api", api, "--token", secret + "\n"},
		{"status", "--api", "http://u:" + secret + "@" + v.address},
		{"status", "--api", api + "/" + secret},
		{"status", "--api", api, "--token", v.intake},
	} {
		h.tell(t, args...)
	}
}
