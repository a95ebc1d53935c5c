package auditlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWhatWasEmittedReadsAsTheEntry(t *testing.T) {
	k := testKey(t)
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		e := mustParse(t, o.write(t, o.order()))
		stored := k.Sign(nil, e)
		for _, f := range []Format{JSON, CPS} {
			line, err := Scribe{Format: f}.Write(nil, stored)
			if err != nil {
				t.Fatal(err)
			}
			if signed, ok := Verify(line, []PublicKey{k.Public()}); !ok || !cmp.Equal(mustParse(t, signed), e) {
				t.Fatalf("%s: %s reads as %s", f, line, signed)
			}
			if f == CPS {
				var wrapped map[string]json.RawMessage
				if err := json.Unmarshal(line, &wrapped); err != nil || len(wrapped) != 1 {
					t.Fatalf("%s: %v", line, err)
				}
				line = wrapped["event"]
			}
			if !bytes.Equal(line, stored) {
				t.Fatalf("%s: got %s, want %s", f, line, stored)
			}
		}
	})
}

func TestACEFLineSaysWhatTheEntrySays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := anyObject(r)
		checkCEF(t, mustParse(r, o.write(r, o.order())))
	})
}

func FuzzCEF(f *testing.F) {
	f.Add([]byte(`{"name":"Ingress","event_class_id":"c","rt":1750000000000,"query":"a=1&sig=2"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if e, err := Parse(line, org, now()); err == nil {
			checkCEF(t, e)
		}
	})
}

// contractSamples are the sample lines of CONTRACT.md §5.
func contractSamples(t *testing.T, begins string) (lines []string) {
	text, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, begins) {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 {
		t.Fatalf("the contract has %d sample lines that begin with %s", len(lines), begins)
	}
	return lines
}

// The samples are the original documentation's: the first one's rt and event_ts are a minute apart, so that no intake of
// ours would take it.
func TestTheSamplesOfTheContractAreWrittenByteForByte(t *testing.T) {
	entries := []string{
		`{"action":"list","cef_version":0,"event_class_id":"konnect","event_product":"Konnect","event_ts":"2025-06-18T21:02:36Z","event_vendor":"KongInc","event_version":"1.0","granted":true,"name":"Authz.control-planes","org_id":"777db3e4-5cb7-4dd5-b51c-9878096a6999","principal_id":"eb999f01-5976-4f4b-9fbc-dd5d514bd675","rt":1750280466889,"severity":1,"src":"127.0.0.6","trace_id":3959872677347089807,"user_agent":"grpc-node-js/1.12.4"}`,
		`{"cef_version":0,"event_class_id":"AUTHENTICATION_TYPE_BASIC","event_product":"Dev-Portal","event_ts":"2025-06-23T14:28:47Z","event_vendor":"KongInc","event_version":"1.0","name":"AUTHENTICATION_OUTCOME_SUCCESS","org_id":"998db3e4-5cb7-4dd5-b51c-9878096a6999","portal_id":"3e551b39-227d-4297-b911-e68fd5d77c17","principal_id":"a3d2699a-0ed3-4417-bb10-d8e74a1513a4","request":"/api/v2/developer/authenticate","rt":1750688927556,"severity":0,"src":"172.71.232.22","success":true,"trace_id":"3360194145499877252","user_agent":""}`,
	}
	k := testKey(t)
	upToSig := regexp.MustCompile(`sig[=":]+`)
	for i, sample := range contractSamples(t, "2025-06-") {
		line, err := Scribe{CEF, "konghq.com", k}.Write(nil, k.Sign(nil, Entry{Raw: []byte(entries[i])}))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(upToSig.Split(sample, 2)[0], upToSig.Split(string(line), 2)[0]); diff != "" {
			t.Error(diff)
		}
	}
	// Two literals came in another type than ours.
	ours := strings.NewReplacer(`"cef_version":"0"`, `"cef_version":0`, `"rt":"1684196881193"`, `"rt":1684196881193`)
	for _, sample := range contractSamples(t, `{"act`) {
		at, ok := At([]byte(ours.Replace(sample)))
		object := upToSig.Split(sample, 2)[0]
		e, err := Parse([]byte(strings.TrimSuffix(object, `,"`)+"}"), org, at)
		if err != nil || !ok {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ours.Replace(object), upToSig.Split(string(k.Sign(nil, e)), 2)[0]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNoChangedByteVerifiesInAnyFormat(t *testing.T) {
	k := testKey(t)
	keys := []PublicKey{k.Public()}
	for _, f := range Formats() {
		line, err := Scribe{f, "reprise", k}.Write(nil, k.Sign(nil, testEntry(t)))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := Verify(line, keys); !ok {
			t.Fatalf("%s does not verify: %s", f, line)
		}
		for i := range line {
			line[i] ^= 1 << (i % 8)
			if _, ok := Verify(line, keys); ok {
				t.Fatalf("verifies with byte %d changed: %s", i, line)
			}
			line[i] ^= 1 << (i % 8)
		}
	}
}

func TestASignatureOfOneFormatIsNoneOfAnother(t *testing.T) {
	k := testKey(t)
	e, err := Parse([]byte(`{"name":"Ingress","event_class_id":"c","rt":1750000000000,"query":"}"}`), org, now())
	if err != nil {
		t.Fatal(err)
	}
	stored := string(k.Sign(nil, e))
	cef, err := Scribe{CEF, "reprise", k}.Write(nil, []byte(stored))
	if err != nil {
		t.Fatal(err)
	}
	signed, sig, _ := strings.Cut(string(cef), " sig=")
	object, jsonSig, _ := strings.Cut(stored, `,"sig":"`)
	for name, line := range map[string]string{
		"an object that ends as cef does":     object + "} sig=" + strings.TrimSuffix(jsonSig, `"}`),
		"a line of cef that ends as json":     strings.TrimSuffix(signed, "}") + `,"sig":"` + sig + `"}`,
		"a line of cef in cps":                `{"event":` + string(cef) + "}",
		"a line of cef as json in cps":        `{"event":` + strings.TrimSuffix(signed, "}") + `,"sig":"` + sig + `"}}`,
		"json in cps with a space":            `{"event": ` + stored + "}",
		"json in cps in cps":                  `{"event":{"event":` + stored + "}}",
		"json in another member":              `{"Event":` + stored + "}",
		"a line of cef with something behind": string(cef) + " x=y",
		"a line of cef with a newline":        string(cef) + "\n",
		"a line of cef with a tab":            signed + "\tsig=" + sig,
	} {
		if signed, ok := Verify([]byte(line), []PublicKey{k.Public()}); ok || signed != nil {
			t.Errorf("%s: verified: %s", name, line)
		}
	}
}

func TestAnEntryWhoseFirstKeyIsEventIsNoCPS(t *testing.T) {
	k := testKey(t)
	e, err := Parse([]byte(`{"event":{"a":"}}"},"name":"Ingress","event_class_id":"c","rt":1750000000000}`), org, now())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats() {
		line, err := Scribe{f, "reprise", k}.Write(nil, k.Sign(nil, e))
		if _, ok := Verify(line, []PublicKey{k.Public()}); err != nil || !ok {
			t.Errorf("%s: %v: %s", f, err, line)
		}
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	k := testKey(t)
	stored := string(k.Sign(nil, testEntry(t)))
	for name, test := range map[string]struct {
		scribe Scribe
		line   string
		want   string
	}{
		"an unknown format": {Scribe{"leef", "reprise", k}, stored, `write an entry: there is no format "leef"`},
		"no format":         {Scribe{}, stored, `write an entry: there is no format ""`},
		"no key":            {Scribe{Format: CEF, Host: "reprise"}, stored, "write an entry as CEF: the key cannot sign"},
		"half a line":       {Scribe{CEF, "reprise", k}, stored[:30], "write an entry as CEF: entry: must be a JSON object: it ends too early"},
		"no event_ts":       {Scribe{CEF, "reprise", k}, `{"name":"x","rt":1}`, "write an entry as CEF: it has no event_ts"},
	} {
		t.Run(name, func(t *testing.T) {
			line, err := test.scribe.Write([]byte("before"), []byte(test.line))
			if err == nil || string(line) != "before" {
				t.Fatalf("wrote %s, %v", line, err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAHostIsOneWord(t *testing.T) {
	for _, host := range []string{"reprise", "konghq.com", "10.0.0.7", "fd00::7", "a_b-c", "R"} {
		if err := CheckHost(host); err != nil {
			t.Error(err)
		}
	}
	for _, host := range []string{"", "a b", "a\n", "a|b", "sig=", `a\b`, "é", "a/b", strings.Repeat("a", 254)} {
		want := fmt.Sprintf("%q must be 1 to 253 letters, digits, dots, hyphens, underscores and colons", host)
		if err := CheckHost(host); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
