package auditlog

import (
	"strings"
	"testing"
)

const good = `"name":"n","event_class_id":"c","rt":1750000000000`

// refusal is a line with the "field rule reason" of all that is told of it.
type refusal struct {
	name, line string
	want       []string
}

func (s refusal) check(t *testing.T) {
	t.Run(s.name, func(t *testing.T) {
		e, err := Parse([]byte(s.line), org, now())
		wantRefusal(t, err, s.want...)
		if e.Raw != nil {
			t.Errorf("gave %s", e.Raw)
		}
	})
}

func TestWhatIsNoJSONObjectIsRefusedAsAnEntry(t *testing.T) {
	for _, s := range []refusal{
		{"nothing", ``, []string{"entry invalid must be a JSON object"}},
		{"words", `hello`, []string{"entry invalid must be a JSON object"}},
		{"a byte order mark", "\ufeff{" + good + "}", []string{"entry invalid must be a JSON object"}},
		{"an array", `[{` + good + `}]`, []string{"entry invalid must be a JSON object"}},
		{"cut off", `{` + good, []string{"entry invalid must be a JSON object: it ends too early"}},
		{"cut off in a string", `{"name":"n`, []string{"entry invalid must be a JSON object: it ends too early"}},
		{"something after it", `{` + good + `} {}`, []string{"entry invalid must be a JSON object: unexpected character at byte 54"}},
		{"a comma at the end", `{"a":1,}`, []string{"entry invalid must be a JSON object: unexpected character at byte 8"}},
		{"no comma", `{"a":1 "b":2}`, []string{"entry invalid must be a JSON object: unexpected character at byte 8"}},
		{"no colon", `{"a" 1}`, []string{"entry invalid must be a JSON object: unexpected character at byte 6"}},
		{"a key without quotes", `{a:1}`, []string{"entry invalid must be a JSON object: unexpected character at byte 2"}},
		{"a newline in a string", "{\"a\":\"x\ny\"}", []string{"entry invalid must be a JSON object: control character at byte 8"}},
		{"an unknown escape", `{"a":"\x41"}`, []string{"entry invalid must be a JSON object: bad escape at byte 7"}},
		{"half an escape", `{"a":"\u12"}`, []string{"entry invalid must be a JSON object: bad escape at byte 7"}},
		{"a high surrogate alone", `{"a":"\ud83d"}`, []string{"entry invalid must be a JSON object: bad escape at byte 7"}},
		{"a low surrogate alone", `{"a":{"b\ude00":1}}`, []string{"entry invalid must be a JSON object: bad escape at byte 9"}},
		{"surrogates the wrong way round", `{"a":"\ude00\ud83d"}`, []string{"entry invalid must be a JSON object: bad escape at byte 7"}},
		{"a number with a leading zero", `{"a":01}`, []string{"entry invalid must be a JSON object: unexpected character at byte 7"}},
		{"a number without digits", `{"a":-}`, []string{"entry invalid must be a JSON object: unexpected character at byte 7"}},
		{"a number that ends in its dot", `{"a":1.}`, []string{"entry invalid must be a JSON object: unexpected character at byte 8"}},
		{"no number", `{"a":NaN}`, []string{"entry invalid must be a JSON object: unexpected character at byte 6"}},
		{"a word in capitals", `{"a":True}`, []string{"entry invalid must be a JSON object: unexpected character at byte 6"}},
		{"brackets that do not match", `{"a":[1}}`, []string{"entry invalid must be a JSON object: unexpected character at byte 8"}},
		{"Latin-1", "{\"a\":\"\xe9\"}", []string{"entry invalid must be valid UTF-8"}},
	} {
		s.check(t)
	}
}

func TestABadEntryIsRefusedNamingKeyAndRule(t *testing.T) {
	for _, s := range []refusal{
		{"a key twice", `{"x":1,` + good + `,"x":1}`, []string{"x duplicate must be given only once"}},
		{"a key twice, once in escapes", `{"x":1,` + good + `,"\u0078":2}`, []string{"x duplicate must be given only once"}},
		{"rt twice", `{"rt":1750000000000,` + good + `}`, []string{"rt duplicate must be given only once"}},
		{"a long key twice", strings.Replace(`{"KEY":1,"KEY":2}`, "KEY", strings.Repeat("é", 60)+"x", 2), []string{strings.Repeat("é", 50) + "… duplicate must be given only once"}},

		{"an empty object", ` { } `, []string{
			"event_class_id required cannot be blank", "event_ts required cannot be blank", "name required cannot be blank",
		}},
		{"blank fields", `{"name":" \u00a0","event_class_id":"","event_ts":null}`, []string{
			"event_class_id required cannot be blank", "event_ts required cannot be blank", "name required cannot be blank",
		}},
		{"a blank rt", `{"name":"n","event_class_id":"c","rt":""}`, []string{"rt required cannot be blank"}},

		{"another organization", `{"org_id":"another",` + good + `}`, []string{"org_id invalid must be the organization of the token"}},
		{"an organization that is null", `{"org_id":null,` + good + `}`, []string{"org_id invalid must be a string"}},
		{"a signature", `{"sig":"",` + good + `}`, []string{"sig invalid must not be given"}},
		{"a signature whose key is escaped", `{"\u0073ig":null,` + good + `}`, []string{"sig invalid must not be given"}},
		{"strings that are something else", `{"src":{},"action":[1],"query":null,` + good + `}`, []string{
			"action invalid must be a string", "query invalid must be a string", "src invalid must be a string",
		}},
		{"booleans that are something else", `{"granted":1,"success":"yes","kong_initiated":null,` + good + `}`, []string{
			"granted invalid must be true or false", "kong_initiated invalid must be true or false", "success invalid must be true or false",
		}},
		{"a status that is no number", `{"status":"2 01",` + good + `}`, []string{"status invalid must be a number"}},
		{"a trace_id that is neither", `{"trace_id":true,` + good + `}`, []string{"trace_id invalid must be a string or a number"}},
		{"a severity above 10", `{"severity":11,` + good + `}`, []string{"severity invalid must be a whole number from 0 to 10"}},
		{"a severity below 0", `{"severity":-1,` + good + `}`, []string{"severity invalid must be a whole number from 0 to 10"}},
		{"a severity in between", `{"severity":"5.5",` + good + `}`, []string{"severity invalid must be a whole number from 0 to 10"}},
		{"another CEF", `{"cef_version":1,` + good + `}`, []string{"cef_version invalid must be 0"}},
	} {
		s.check(t)
	}
}

func TestNestingHasALimit(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(`{"name":"n","event_class_id":"c","rt":1750000000000,"x":` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + `}`)
	}
	if _, err := Parse(nested(maxDepth-1), org, now()); err != nil {
		t.Errorf("just deep enough: %v", err)
	}
	_, err := Parse(nested(maxDepth), org, now())
	wantRefusal(t, err, "entry invalid must be a JSON object: nested too deep at byte 156")
	if _, err = Parse([]byte(strings.Repeat(`{"a":`, MaxEntry/5)), org, now()); err == nil {
		t.Error("a line of nothing but braces was taken")
	}
}

func TestALineHasALimit(t *testing.T) {
	const frame = `{"event_class_id":"c","event_ts":"2025-06-15T15:06:40Z","name":"n","org_id":"` + org + `","rt":1750000000000,"x":"FILL"}`
	fill := strings.Repeat("y", MaxEntry-len(frame)+len("FILL"))
	line := strings.Replace(frame, "FILL", fill, 1)
	e, err := Parse([]byte(line), org, now())
	if err != nil || string(e.Raw) != line {
		t.Fatalf("the longest line: %v", err)
	}
	_, err = Parse([]byte(line+" "), org, now())
	wantRefusal(t, err, "entry too_large must be at most 128 KiB")
	added := `"org_id":"` + org + `",`
	line = strings.Replace(strings.Replace(line, added, "", 1), "yyy", "yyy"+strings.Repeat("y", len(added)), 1)
	_, err = Parse([]byte(line), org, now()) // as long as may be, until org_id is added
	wantRefusal(t, err, "entry too_large must be at most 128 KiB")
}
