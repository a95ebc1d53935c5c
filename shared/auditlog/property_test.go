package auditlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// object is an entry as tokens, so that it can be written in many ways.
type object struct {
	keys   []string
	values [][]string // tokens, between which whitespace may stand
}

// anyObject draws an entry that Parse takes and changes nothing in but by adding to it.
func anyObject(t *rapid.T) object {
	known := map[string][]string{
		"name": {anyName(t)}, "event_class_id": {`"c"`}, "rt": {"1750000000123"}, "event_ts": {`"2025-06-15T15:06:40.9Z"`}, "org_id": {`"` + org + `"`},
		"severity": {"6"}, "cef_version": {"0"}, "status": {"2.010e2"}, "trace_id": {"13781734068974605790"}, "src": {`"\u00e9\/"`}, "success": {"true"},
	}
	for _, key := range []string{"event_ts", "org_id", "severity", "cef_version", "status", "trace_id", "src", "success"} {
		if rapid.Bool().Draw(t, "without "+key) {
			delete(known, key)
		}
	}
	if _, given := known["event_ts"]; given && rapid.Bool().Draw(t, "without rt") {
		delete(known, "rt")
	}
	keys := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "%", "a sig", "design", "sig ", "a=b", `a\b`, "a|b", "a\nb", "événement", "event"}))
	for _, key := range rapid.SliceOfNDistinct(keys, 0, 12, rapid.ID).Draw(t, "unknown keys") {
		if kindOf([]byte(key)) == unknown {
			known[strings.ToValidUTF8(key, "?")] = anyValue(t, 3)
		}
	}
	var o object
	for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(known))).Draw(t, "order") {
		o.keys, o.values = append(o.keys, key), append(o.values, known[key])
	}
	return o
}

// anyName draws the name of an entry, which says of what kind it is.
func anyName(t *rapid.T) string {
	names := []string{"Ingress", "Authz.", "Authz.x", "AUTHENTICATION_OUTCOME_SUCCESS", "AUTHENTICATION_OUTCOME", "Authz", "Ingress sig=|\\\n\r"}
	return spell(t, rapid.SampledFrom(names).Draw(t, "name"))
}

// anyValue draws the tokens of a value.
func anyValue(t *rapid.T, depth int) []string {
	kinds := []string{"string", "number", "word"}
	if depth > 0 {
		kinds = append(kinds, "array", "object")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "string":
		return []string{anyString(t)}
	case "number":
		return []string{rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?`).Draw(t, "number")}
	case "word":
		return []string{rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word")}
	case "array":
		tokens := []string{"["}
		for i := range rapid.IntRange(0, 3).Draw(t, "elements") {
			if i > 0 {
				tokens = append(tokens, ",")
			}
			tokens = append(tokens, anyValue(t, depth-1)...)
		}
		return append(tokens, "]")
	default:
		tokens := []string{"{"}
		for i := range rapid.IntRange(0, 3).Draw(t, "members") {
			if i > 0 {
				tokens = append(tokens, ",")
			}
			tokens = append(tokens, anyString(t), ":")
			tokens = append(tokens, anyValue(t, depth-1)...)
		}
		return append(tokens, "}")
	}
}

func anyString(t *rapid.T) string {
	s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"{", "}", `"`, `\`, ",", ":", " ", `,"sig":"`, "=", " sig=", "|", "\n", "\r", "a ", ` \`})).Draw(t, "string")
	return spell(t, strings.ToValidUTF8(s, "?"))
}

// spell writes s as one of the JSON strings that mean it.
func spell(t *rapid.T, s string) string {
	var b strings.Builder
	escape := rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "escapes")
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r < ' ' || r == '"' || r == '\\' || escape > 0 && i%escape == 0:
			units := utf16.Encode([]rune{r})
			for _, u := range units {
				fmt.Fprintf(&b, rapid.SampledFrom([]string{`\u%04x`, `\u%04X`}).Draw(t, "hex"), u)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// write writes o with whitespace drawn between its tokens and its keys in one of their spellings.
func (o object) write(t *rapid.T, order []int) []byte {
	blank := rapid.SampledFrom([]string{"", "", " ", "\t", "\r\n", "  \n"})
	var b bytes.Buffer
	put := func(tokens ...string) {
		for _, token := range tokens {
			b.WriteString(blank.Draw(t, "blank"))
			b.WriteString(token)
		}
	}
	put("{")
	for n, i := range order {
		if n > 0 {
			put(",")
		}
		put(spell(t, o.keys[i]), ":")
		put(o.values[i]...)
	}
	put("}", "")
	return b.Bytes()
}

func (o object) order() []int {
	order := make([]int, len(o.keys))
	for i := range order {
		order[i] = i
	}
	return order
}

func TestHoweverAnObjectIsWrittenItsCanonicalFormIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		first := mustParse(t, o.write(t, o.order()))
		if again := mustParse(t, first.Raw); !cmp.Equal(first, again) {
			t.Fatalf("not idempotent: %s", cmp.Diff(string(first.Raw), string(again.Raw)))
		}
		if other := mustParse(t, o.write(t, rapid.Permutation(o.order()).Draw(t, "other order"))); !cmp.Equal(first, other) {
			t.Fatal(cmp.Diff(string(first.Raw), string(other.Raw)))
		}
	})
}

func TestTheCanonicalFormHasEveryLiteralAndOnlyAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		e := mustParse(t, o.write(t, o.order()))
		var got map[string]json.RawMessage
		if err := json.Unmarshal(e.Raw, &got); err != nil {
			t.Fatal(err)
		}
		for i, key := range o.keys {
			if want := strings.Join(o.values[i], ""); string(got[key]) != want {
				t.Fatalf("%q: got %s, want %s", key, got[key], want)
			}
			delete(got, key)
		}
		added := map[string]string{"org_id": `"` + org + `"`, "rt": fmt.Sprint(e.At.UnixMilli()), "event_ts": e.At.Format(`"2006-01-02T15:04:05.000Z"`)}
		for key, value := range got {
			if want, ok := added[key]; !ok || string(value) != want {
				t.Fatalf("added %s:%s", key, value)
			}
		}
		if at, ok := At(e.Raw); !ok || !at.Equal(e.At) {
			t.Fatalf("says it is of %v, is of %v", at, e.At)
		}
	})
}

func TestEverySignedEntryVerifies(t *testing.T) {
	k := testKey(t)
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		e := mustParse(t, o.write(t, o.order()))
		line := k.Sign(nil, e)
		if signed, ok := Verify(line, []PublicKey{k.Public()}); !ok || !bytes.Equal(signed, e.Raw) || !json.Valid(line) {
			t.Fatalf("%s: signed %s", line, signed)
		}
	})
}

func mustParse(t *rapid.T, line []byte) Entry {
	e, err := Parse(line, org, now())
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return e
}
