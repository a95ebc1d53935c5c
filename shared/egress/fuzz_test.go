package egress

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"reprise/shared/webhook"
)

// Whatever a receiver says, as an answer or as none: it is one short line of print, and the authorization is not in it.
func FuzzMessage(f *testing.F) {
	for _, body := range []string{
		"", "fine", "wrong: 5up3r/Secret", `{"got":"Splunk 5up3r\/Secret"}`, "5up3r%2FSecret", "5up3r&#x2f;Secret", "5up\u200b3r/Secret", "5up3r/\nSecret",
		"\x1b[2J\x00\xff", "\u202e\ufeff", strings.Repeat("é", 300), strings.Repeat("%25", 1000), `\\\\\u0035up3r`, "&amp;amp;", "Bearer Bearer",
	} {
		f.Add([]byte(body), "5up3r/Secret")
		f.Add([]byte(body), "x")
	}
	f.Fuzz(func(t *testing.T, body []byte, word string) {
		secret := webhook.Secret("Splunk " + word)
		for _, got := range []string{message(599, body, secret), failed(errors.New(string(body)), secret).Message} {
			if len(got) > maxMessage || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q", got)
			}
			told := got == "no answer that may be shown" || scheme(word) || strings.Contains(word, "*") // ours, no secret, or the mask
			if ascii := strings.Trim(word, graphic) == ""; word != "" && ascii && !told && strings.Contains(got, word) {
				t.Fatalf("%q shows %q as %q", body, word, got)
			}
		}
	})
}

// graphic is what words are made of that printable leaves as they are.
const graphic = "!\"#$%&'()+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
