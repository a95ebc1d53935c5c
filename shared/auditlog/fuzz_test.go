package auditlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"name":"n","event_class_id":"c","rt":1750000000000}`,
		`{"name":"n","event_class_id":"c","event_ts":"2025-06-15T17:06:40.5+02:00"}`,
		` { "name" : 5 , "event_class_id":"c","rt":"1750000000000","\u0061\ud83d\ude00":[ {"b":1.0, "a":" \" "} ],"severity":"7"}`,
		`{"name":"n","event_class_id":"c","rt":1750000000000,"a":1,"\u0061":2}`,
		`{"name":"n","event_class_id":"c","rt":1750000000000,"x":"\ud83d"}`,
		`{"name":"n","event_class_id":"c","rt":1750000000000,"":-0.0e-0,"org_id":"` + org + `"}`,
		sampleAuthorization, sampleAccess, `[]`, `{`, `{"a":{"b":[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line, org, now())
		if err != nil {
			if e.Raw != nil || !utf8.ValidString(err.Error()) {
				t.Fatalf("got %s and %q", e.Raw, err)
			}
			return
		}
		if !json.Valid(line) || !json.Valid(e.Raw) || !utf8.Valid(e.Raw) {
			t.Fatalf("took %q as %q", line, e.Raw)
		}
		if keys := keysOf(t, e.Raw); !slices.IsSorted(keys) || len(slices.Compact(keys)) != len(keys) {
			t.Fatalf("keys are %q", keys)
		}
		again, err := Parse(e.Raw, org, now())
		if err != nil || !bytes.Equal(again.Raw, e.Raw) || !again.At.Equal(e.At) {
			t.Fatalf("%q becomes %q, %v", e.Raw, again.Raw, err)
		}
		if at, ok := At(e.Raw); !ok || !at.Equal(e.At) {
			t.Fatalf("says it is of %v, is of %v", at, e.At)
		}
		sameElsewhere(t, line, e.Raw)
	})
}

// sameElsewhere checks with encoding/json that no member of an unknown key changed its value.
func sameElsewhere(t *testing.T, line, raw []byte) {
	var came, went map[string]any
	for text, into := range map[string]*map[string]any{string(line): &came, string(raw): &went} {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.UseNumber()
		if err := d.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range came {
		if other, ok := went[key]; !ok || kindOf([]byte(key)) == unknown && !reflect.DeepEqual(value, other) {
			t.Fatalf("%q was %v, is %v", key, value, other)
		}
	}
	for key := range went {
		if _, ok := came[key]; !ok && key != "org_id" && key != "rt" && key != "event_ts" {
			t.Fatalf("%q was added", key)
		}
	}
}

// keysOf is an object's keys in their order, read by encoding/json.
func keysOf(t *testing.T, object []byte) (keys []string) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func FuzzSplitArray(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ {"a":[1,2]} , "],[" , -1.5E+3 , null,true ] `, `[1,]`, `[1]]`, `["\u00e9\n"]`, "[\"\x00\"]", `[[[[]]]]`, `{"a":[]}`, `[01]`, `["\ud83d\ude00"]`, `["\udead"]`,
	} {
		f.Add([]byte(seed))
	}
	surrogate := regexp.MustCompile(`\\u[dD][89a-fA-F]`)
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := SplitArray(body, len(body))
		var want []json.RawMessage
		wantErr := json.Unmarshal(body, &want)
		if err == nil && (wantErr != nil || want == nil) {
			t.Fatalf("took %q: encoding/json says %v", body, wantErr)
		}
		if err != nil {
			// Encoding/json takes more than RFC 8259: text that is not UTF-8, half a surrogate pair; and it lets values lie deeper.
			deep := bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > maxDepth
			if wantErr == nil && want != nil && utf8.Valid(body) && !surrogate.Match(body) && !deep {
				t.Fatalf("refused %q", body)
			}
			return
		}
		if len(got) != len(want) {
			t.Fatalf("got %d elements, want %d", len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("element %d: got %q, want %q", i, got[i], want[i])
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	k := testKey(f)
	line := k.Sign(nil, testEntry(f))
	f.Add(line)
	f.Add(append(line, '\n'))
	for _, format := range []Format{CEF, CPS} {
		other, err := Scribe{format, "reprise", k}.Write(nil, line)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(other)
	}
	f.Add([]byte(sampleAccess))
	f.Add([]byte(`,"sig":"`))
	f.Add([]byte(`"}`))
	f.Fuzz(func(t *testing.T, got []byte) {
		before := bytes.Clone(got)
		signed, ok := Verify(got, []PublicKey{{}, k.Public()})
		if !bytes.Equal(before, got) {
			t.Fatal("changed the line")
		}
		if ok && !slices.Contains(linesOf(k, signed), string(got)) {
			t.Fatalf("took %q, which was never signed so", got)
		}
		if !ok && signed != nil {
			t.Fatalf("gave %q, which did not verify", signed)
		}
	})
}

// linesOf is every line that signed can have been taken from.
func linesOf(k Key, signed []byte) []string {
	if !bytes.HasPrefix(signed, []byte("{")) {
		return []string{string(base64.RawURLEncoding.AppendEncode(append(bytes.Clone(signed), " sig="...), ed25519.Sign(k.Private, signed)))}
	}
	line := string(k.Sign(nil, Entry{Raw: signed}))
	return []string{line, `{"event":` + line + "}"}
}

func FuzzParseJWKS(f *testing.F) {
	f.Add(JWKS([]PublicKey{testKey(f).Public()}))
	f.Add([]byte(`{"keys":[{"kty":"RSA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, set []byte) {
		keys, err := ParseJWKS(set)
		if err != nil {
			return
		}
		again, err := ParseJWKS(JWKS(keys))
		if err != nil || !reflect.DeepEqual(keys, again) {
			t.Fatalf("%v becomes %v, %v", keys, again, err)
		}
		Verify([]byte(sampleAccess), keys)
	})
}
