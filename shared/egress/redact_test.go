package egress

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reprise/shared/webhook"
)

func TestNothingOfAnAuthorizationIsShown(t *testing.T) {
	const digest = `Digest username="ada", realm="logs", password="hunter2", nc=00000001`
	for _, c := range []struct {
		story  string
		secret webhook.Secret
		said   string
		want   string
	}{
		{"a bearer", "Bearer abc123", "Bearer abc123 is wrong", "Bearer *** is wrong"},
		{"a short one", "Bearer abc", "abc is wrong", "*** is wrong"},
		{"no scheme", "abc123", "abc123 is wrong", "*** is wrong"},
		{"no scheme, but blanks", `key="abc123 def456"`, "abc123 and def456", "*** and ***"},
		{"a parameter, whole", `Token token="abc123"`, `bad token="abc123"`, "bad ***"},
		{"a parameter's value", `Token token="abc123"`, "bad token abc123", "bad token ***"},
		{"a parameter's value in JSON", `Token token="abc123"`, `{"got":"token=\"abc123\""}`, `{"got":"***"}`},
		{"a parameter's value in other quotes", `Token token="abc123"`, `token='abc123'`, `token='***'`},
		{"a parameter's value in HTML", `Token token="abc123"`, `token=&quot;abc123&quot;`, `token=&quot;***&quot;`},
		{"one parameter of many", digest, "hunter2 is the wrong one, ada", "*** is the wrong one, ada"},
		{"a number of many", digest, "request 00000001", "request ***"},
		{"parameters without blanks", "Key id=a1;secret=s3cr3t,x", "s3cr3t", "***"},
		{"Basic's password, read", "Basic YWRhOmh1bnRlcjI=", "hunter2 is not ada's", "*** is not ada's"},
		{"Basic's password in JSON", "basic YWRhOmh1bnRlcjI=", `{"got":"ada:hunter2"}`, `{"got":"***"}`},
		{"a short password", "Basic YWRhOmFiYw==", "abc is not ada's", "*** is not ada's"},
		{"a password with blanks", "Basic YWRhOm15IGRvZyBpcyBibGFjaw==", "no: my dog is black", "no: ***"},
		{"no password", "Basic YWRhOg==", "ada: unknown", "*** unknown"},
		{"Basic without base64", "Basic hunter2!", "hunter2! is none", "*** is none"},
		{"a scheme's name", "Bearer Bearer", "Bearer was expected, Digest and Token are not known", "Bearer was expected, Digest and Token are not known"},
		{"a piece too short to tell", `Token token="abc"`, "abcdef", "abcdef"},
		{"in a URL", "Bearer a/b+c/d", "a%2Fb%2Bc%2fd", ""},
		{"in a URL in a URL", "Bearer a/b+c/d", "a%252Fb%252Bc%252Fd", ""},
		{"every letter of it", "Bearer abc123", "%61%62%63%31%32%33", ""},
		{"in HTML by number", "Bearer abc123", "&#97;bc&#x31;23", ""},
		{"in JSON by number", "Bearer abc123", `"\u0061bc123"`, ""},
		{"in a string of JavaScript", "Bearer abc123", `'\x61bc123'`, ""},
		{"in JSON in HTML in a URL", `Bearer a"b<c`, `a%26%2392%3B%26quot%3Bb%26%2392%3Bu003cc`, ""},
		{"escaped beside plain", "Bearer abc123", "abc123 is abc%3123", ""},
		{"a secret with an escape in it", "Bearer abc%2Fdef", `\u0061bc%2Fdef`, ""},
		{"a secret with a backslash in it", `Bearer abc\u0041`, `abc\\u0041`, "***"},
		{"broken escapes", "Bearer abc123", `% %4 %zz \ \u \u12 \x &# &`, `% %4 %zz \ \u \u12 \x &# &`},
		{"stars", "Bearer * ** ***", "* and ** and ***", "*** and *** and ***"},
	} {
		t.Run(c.story, func(t *testing.T) {
			got := message(599, []byte(c.said), c.secret)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if got := message(401, []byte(c.said), c.secret); !strings.HasPrefix(got, "Unauthorized") {
				t.Errorf("the status is lost: %q", got)
			}
		})
	}
}

// Whatever the authorization is, however often a receiver escapes what it repeats: it is not shown.
func TestNoEscapedWordIsShown(t *testing.T) {
	quote := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b[1 : len(b)-1])
	}
	dresses := []func(string) string{url.QueryEscape, url.PathEscape, html.EscapeString, quote}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[!-~]{6,40}`).Filter(func(s string) bool { return !scheme(s) }).Draw(t, "word")
		dressed := word
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, len(dresses)-1), 0, dressings).Draw(t, "dresses") {
			dressed = dresses[n](dressed)
		}
		before := rapid.SampledFrom([]string{"", "wrong: ", `{"got":"`, "50% of "}).Draw(t, "before")
		if got := message(599, []byte(before+dressed), webhook.Secret("Bearer "+word)); strings.Contains(got, dressed) && dressed != "***" {
			t.Fatalf("%q shows %q as %q", got, word, dressed)
		}
	})
}
