package auditlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cefLine is a line of cef as somebody reads it who has ArcSight's rules ("Implementing ArcSight Common Event Format"), those
// of CONTRACT.md §5 that are ours, and nothing of the writer.
type cefLine struct {
	time, host string
	header     [7]string // the version first
	pairs      [][2]string
}

func readCEF(line string) (l cefLine, err error) {
	var rest string
	l.time, rest, _ = strings.Cut(line, " ")
	l.host, rest, _ = strings.Cut(rest, " ")
	for i := range l.header {
		end := unescapedIn(rest, '|')
		if end < 0 {
			return l, fmt.Errorf("the header has %d fields", i)
		}
		if l.header[i], err = plain(rest[:end], `\|nr=`); err != nil {
			return l, err
		}
		rest = rest[end+1:]
	}
	// An equals sign that is not escaped ends a key; the key begins behind the last space before it.
	for rest != "" {
		end := unescapedIn(rest, '=')
		if end < 0 {
			return l, fmt.Errorf("no key in %q", rest)
		}
		key := rest[:end]
		value, next := rest[end+1:], ""
		if more := unescapedIn(value, '='); more >= 0 {
			space := strings.LastIndexByte(value[:more], ' ')
			if space < 0 {
				return l, fmt.Errorf("no space before the key in %q", value[:more])
			}
			value, next = value[:space], value[space+1:]
		}
		name, err := url.PathUnescape(key)
		if key == "%" {
			name, err = "", nil
		}
		if err != nil || key == "" || strings.ContainsAny(key, " \t\r\n=|\\") {
			return l, fmt.Errorf("key %q: %w", key, err)
		}
		text, err := plain(value, `\=nr`)
		if err != nil {
			return l, err
		}
		l.pairs = append(l.pairs, [2]string{name, text})
		rest = next
	}
	return l, nil
}

// unescapedIn is where the first c stands that no backslash escapes.
func unescapedIn(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case c:
			return i
		}
	}
	return -1
}

// plain undoes the escapes, of which there may be these.
func plain(s, escapes string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			if i++; i == len(s) || !strings.Contains(escapes, s[i:i+1]) {
				return "", fmt.Errorf("a strange escape in %q", s)
			}
			switch c = s[i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			}
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// wantCEF is what a line of cef must say of an object, read by encoding/json.
func wantCEF(raw []byte, host string) (l cefLine, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return l, err
	}
	take := func(key, missing string) string {
		value, ok := members[key]
		if delete(members, key); !ok {
			return missing
		}
		var text string
		if json.Unmarshal(value, &text) != nil || value[0] != '"' {
			return string(value)
		}
		return text
	}
	orders := []struct {
		is   func(name string) bool
		keys []string
	}{
		{func(n string) bool { return strings.HasPrefix(n, "AUTHENTICATION_OUTCOME_") }, []string{"rt", "src", "request", "success", "org_id", "portal_id", "principal_id", "trace_id", "user_agent"}},
		{func(n string) bool { return strings.HasPrefix(n, "Authz.") }, []string{"rt", "src", "action", "granted", "org_id", "principal_id", "actor_id", "trace_id", "user_agent"}},
		{func(n string) bool { return n == "Ingress" }, []string{"rt", "src", "request", "act", "status", "org_id", "principal_id", "user_agent", "trace_id", "query"}},
		{func(string) bool { return true }, []string{"rt", "src", "org_id"}},
	}
	l.time, l.host = take("event_ts", ""), host
	delete(members, "cef_version")
	l.header = [7]string{
		"CEF:0", take("event_vendor", "Unknown"), take("event_product", "Unknown"), take("event_version", "Unknown"),
		take("event_class_id", ""), take("name", ""), take("severity", "Unknown"),
	}
	for _, order := range orders {
		if !order.is(l.header[5]) {
			continue
		}
		for _, key := range append(order.keys, slices.Sorted(maps.Keys(members))...) {
			if _, ok := members[key]; ok {
				l.pairs = append(l.pairs, [2]string{key, take(key, "")})
			}
		}
		return l, nil
	}
	return l, errors.New("no kind")
}

// checkCEF holds what is written of an entry to everything that a receiver relies on.
func checkCEF(t testing.TB, e Entry) {
	t.Helper()
	k := testKey(t)
	line, err := Scribe{CEF, "reprise", k}.Write([]byte("before "), k.Sign(nil, e))
	if err != nil {
		t.Fatalf("%s: %v", e.Raw, err)
	}
	text, ok := strings.CutPrefix(string(line), "before ")
	signed, signature, found := strings.Cut(text, "sig=") // as a known verifier does
	switch {
	case !ok || strings.ContainsAny(text, "\r\n"):
		t.Fatalf("%s is written as %q", e.Raw, line)
	case !found || len(signature) != 86 || !strings.HasSuffix(signed, " "):
		t.Fatalf("the first sig= is not the signature: %q", text)
	}
	got, ok := Verify([]byte(text), []PublicKey{k.Public()})
	if !ok || string(got)+" " != signed {
		t.Fatalf("%q verifies: %v, as %q", text, ok, got)
	}
	read, err := readCEF(strings.TrimSuffix(signed, " "))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	want, err := wantCEF(e.Raw, "reprise")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read, cmp.AllowUnexported(cefLine{})); diff != "" {
		t.Fatalf("%s is written as %q: %s", e.Raw, text, diff)
	}
}
