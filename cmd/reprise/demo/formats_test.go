package demo

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/cmd/reprise/ceftext"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// cefLine signs a line of the cef format, given without its sig.
func cefLine(key ed25519.PrivateKey, text string) string {
	return text + " sig=" + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// What the service makes of the three entries of the stories in cef.
const (
	cefOne   = `2026-03-01T12:00:00Z reprise CEF:0|Unknown|Unknown|Unknown|Unknown|Unknown|6|rt=1772366400000 src=5 org_id=` + org + ` n=1.50 o={"z":1,"a":[2]}`
	cefTwo   = `2026-03-01T11:00:00.5Z reprise CEF:0|Unknown|Unknown|Unknown|Unknown|Unknown|Unknown|rt=1772362800500 org_id=` + org + ` t=36893488147419103232 u=é`
	cefThree = `2026-03-01T11:00:00Z reprise CEF:0|Unknown|Unknown|Unknown|Unknown|Unknown|Unknown|rt=1772362800999 org_id=` + org
)

func TestTheComparisonFindsWhatIsWrongInCEF(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
	one, two, three := cefLine(key, cefOne), cefLine(key, cefTwo), cefLine(key, cefThree)
	good := result{Sent: 3, SentOutside: 1, Received: 3}
	altered := func(of, from, to string) string { return cefLine(key, strings.Replace(of, from, to, 1)) }
	for name, c := range map[string]struct {
		received []string
		want     result
		problem  string
	}{
		"everything arrived":       {[]string{one, two, three}, good, ""},
		"in another order":         {[]string{three, one, two}, good, ""},
		"one is missing":           {[]string{one, three}, result{Received: 2, Missing: 1}, "missing 2 " + sentTwo},
		"one came twice":           {[]string{one, two, three, two}, result{Received: 4, Duplicates: 1}, "duplicate 4 " + cefTwo},
		"a digit was lost":         {[]string{altered(cefOne, "1.50", "1.5"), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a number was rounded":     {[]string{one, altered(cefTwo, "103232", "103000"), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"an escape was kept":       {[]string{one, altered(cefTwo, `é`, `\\u00e9`), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"a key was added":          {[]string{one, two, cefLine(key, cefThree+" x=0")}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"a key was lost":           {[]string{altered(cefOne, " n=1.50", ""), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a severity was made up":   {[]string{one, altered(cefTwo, "Unknown|rt", "0|rt"), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"a header field was lost":  {[]string{altered(cefOne, "Unknown|6", "|6"), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"rt was made wrong":        {[]string{one, altered(cefTwo, "800500", "800501"), three}, result{Altered: 1}, "altered 2 "},
		"no rt":                    {[]string{one, altered(cefTwo, "rt=1772362800500 ", ""), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"another organization":     {[]string{one, two, altered(cefThree, org, "them")}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"a wrong signature":        {[]string{cefLine(other, cefOne), two, three}, result{WrongSig: 1}, "wrong signature 1 " + cefOne},
		"a signature of the json":  {[]string{cefOne + " sig=" + line(key, gotOne)[len(gotOne)+8:][:86], two, three}, result{WrongSig: 1}, "wrong signature 1 " + cefOne},
		"one from outside":         {[]string{one, two, three, altered(cefOne, "6400000", "6400124")}, result{Received: 4, Outside: 1}, "outside the range 4 "},
		"sig before the last":      {[]string{one, two, strings.Replace(three, " org_id=", " sig=x org_id=", 1)}, result{Missing: 1, Altered: 1, WrongSig: 1}, "altered 3 "},
		"a line of the json":       {[]string{line(key, gotOne), two, three}, result{Missing: 1, Altered: 1, WrongSig: 1}, "altered 1 "},
		"an equals sign unescaped": {[]string{altered(cefOne, "n=1.50", "n=1=50"), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.want
			want.Sent, want.SentOutside = 3, 1
			if want.Received == 0 {
				want.Received = 3
			}
			checkComparison(t, cef, key, c.received, want, c.problem)
		})
	}
}

func TestTheComparisonFindsWhatIsWrongInCPS(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	wrap := func(line string) string { return `{"event":` + line + `}` }
	one, two, three := line(key, gotOne), line(key, gotTwo), line(key, gotThree)
	seal := `,"sig":"` + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(wrap(gotOne+"}")))) + `"}`
	for name, c := range map[string]struct {
		received []string
		want     result
		problem  string
	}{
		"everything arrived":          {[]string{wrap(one), wrap(two), wrap(three)}, result{Received: 3}, ""},
		"one is missing":              {[]string{wrap(one), wrap(three)}, result{Received: 2, Missing: 1}, "missing 2 " + sentTwo},
		"one is not wrapped":          {[]string{wrap(one), two, wrap(three)}, result{Received: 3, Missing: 1, Altered: 1, WrongSig: 1}, "altered 2 "},
		"one is wrapped twice":        {[]string{wrap(one), wrap(wrap(two)), wrap(three)}, result{Received: 3, Missing: 1, Altered: 1, WrongSig: 1}, "altered 2 "},
		"a space in the wrapping":     {[]string{wrap(one), strings.Replace(wrap(two), ":", ": ", 1), wrap(three)}, result{Received: 3, Missing: 1, Altered: 1, WrongSig: 1}, "altered 2 "},
		"sig outside of the object":   {[]string{wrap(one), line(key, `{"event":`+gotTwo+`}`), wrap(three)}, result{Received: 3, Missing: 1, Altered: 1, WrongSig: 1}, "altered 2 "},
		"the wrapping was signed too": {[]string{wrap(gotOne + seal), wrap(two), wrap(three)}, result{Received: 3, WrongSig: 1}, "wrong signature 1 "},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.Sent, c.want.SentOutside = 3, 1
			checkComparison(t, cps, key, c.received, c.want, c.problem)
		})
	}
}

func TestTheContractsCEFLinesAreReadToTheLetter(t *testing.T) {
	faults := map[string]string{`two\nlines`: `has its keys out of order: "" behind "note"`} // what the third line is no line of ours for
	for text, want := range map[string][]string{
		`2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|rt=1750280466889 src=127.0.0.6 action=list granted=true org_id=777db3e4-5cb7-4dd5-b51c-9878096a6999 principal_id=eb999f01-5976-4f4b-9fbc-dd5d514bd675 trace_id=3959872677347089807 user_agent=grpc-node-js/1.12.4 sig=KbLa`: {
			"rt 1750280466889", "src 127.0.0.6", "action list", "granted true", "org_id 777db3e4-5cb7-4dd5-b51c-9878096a6999",
			"principal_id eb999f01-5976-4f4b-9fbc-dd5d514bd675", "trace_id 3959872677347089807", "user_agent grpc-node-js/1.12.4", "sig KbLa",
		},
		`2025-06-23T14:28:47Z konghq.com CEF:0|KongInc|Dev-Portal|1.0|AUTHENTICATION_TYPE_BASIC|AUTHENTICATION_OUTCOME_SUCCESS|0|rt=1750688927556 src=172.71.232.22 request=/api/v2/developer/authenticate success=true org_id=998db3e4-5cb7-4dd5-b51c-9878096a6999 portal_id=3e551b39-227d-4297-b911-e68fd5d77c17 principal_id=a3d2699a-0ed3-4417-bb10-d8e74a1513a4 trace_id=3360194145499877252 user_agent= sig=XQC3`: {
			"rt 1750688927556", "src 172.71.232.22", "request /api/v2/developer/authenticate", "success true", "org_id 998db3e4-5cb7-4dd5-b51c-9878096a6999",
			"portal_id 3e551b39-227d-4297-b911-e68fd5d77c17", "principal_id a3d2699a-0ed3-4417-bb10-d8e74a1513a4", "trace_id 3360194145499877252", "user_agent ", "sig XQC3",
		},
		`2025-06-23T14:28:47Z h CEF:0|a\|b\\|p|1|c|two\nlines|0|rt=1 src= a  note=x\=1 y\\\n|z  %=empty a%20b%3D= s%69g= sig\=1 sig=XQC3`: {
			"rt 1", "src  a ", "note x=1 y\\\n|z ", " empty", "a b= ", "sig  sig=1", "sig XQC3",
		},
	} {
		fields, extension, err := ceftext.Header([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		members, err := ceftext.Extension(nil, extension)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range members {
			got = append(got, m.Key+" "+string(m.Text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", fields[5], diff)
		}
		fault := ""
		if _, err := newReader(cef).received([]byte(text)); err != nil {
			fault = err.Error()
		}
		if diff := cmp.Diff(faults[string(fields[5])], fault); diff != "" {
			t.Errorf("%s: it (-want +got):\n%s", fields[5], diff)
		}
	}
}

func TestAFaultOfCEFIsToldByItsName(t *testing.T) {
	const good = `2026-03-01T12:00:00Z reprise CEF:0|v|p|1|c|Ingress|6|`
	if _, err := newReader(cef).received([]byte(good + "rt=1 src=5 user_agent=a b trace_id=7 query={} a=1 b=2 sig=x")); err != nil {
		t.Errorf("a line without fault: it %v", err)
	}
	for line, want := range map[string]string{
		`2026-03-01T12:00:00Z reprise CEF:0|v|p|1`:                       "has 3 bars in its header",
		`2026-03-01T12:00:00Z CEF:0|v|p|1|c|n|6|rt=1 sig=x`:              "does not begin with its time, a host and CEF:0",
		`2026-03-01T12:00:00Z a host CEF:0|v|p|1|c|n|6|rt=1 sig=x`:       "does not begin with its time, a host and CEF:0",
		`2026-03-01T12:00:00Z reprise CEF:1|v|p|1|c|n|6|rt=1 sig=x`:      "does not begin with its time, a host and CEF:0",
		`2026-03-01T12:00:00+00:00 reprise CEF:0|v|p|1|c|n|6|rt=1 sig=x`: "has an event_ts that is not in UTC",
		`yesterdayZ reprise CEF:0|v|p|1|c|n|6|rt=1 sig=x`:                "has an event_ts that is no RFC 3339 date-time",
		`2026-03-01T12:00:00Z reprise CEF:0|v\p|p|1|c|n|6|rt=1 sig=x`:    `event_vendor: has an escape that CEF does not know: "\\p"`,
		good:                              "has no key=value behind its header",
		good + `rt=soon sig=x`:            "has an rt that is no whole number of milliseconds",
		good + `rt=1`:                     "has no sig as its last key",
		good + `rt=1 sig=x sig=y`:         `has the key "sig" twice`,
		good + `rt=1 sig=x z=1`:           "has no sig as its last key",
		good + `src=5 rt=1 sig=x`:         `has its keys out of order: "rt" behind "src"`,
		good + `rt=1 a=1 src=5 sig=x`:     `has its keys out of order: "src" behind "a"`,
		good + `rt=1 b=1 a=1 sig=x`:       `has its keys out of order: "a" behind "b"`,
		good + `rt=1 a=1 a=2 sig=x`:       `has the key "a" twice`,
		good + `rt=1 a=1=2 sig=x`:         `has an equals sign in the value of "a" that is not escaped`,
		good + `rt=1 a=1\ sig=x`:          `"a": ends in a backslash that nothing follows`,
		good + `rt=1 a=1\| sig=x`:         `"a": has an escape that CEF does not know: "\\|"`,
		good + `rt=1 sig=x\`:              `"sig": ends in a backslash that nothing follows`,
		good + "rt=1 a=1\r2 sig=x":        `"a": has a carriage return that is not escaped`,
		good + `rt=1 =2 sig=x`:            "is no word of visible characters, as a key is",
		good + `rt=1 größe=2 sig=x`:       "is no word of visible characters, as a key is",
		good + `rt=1 a%2=2 sig=x`:         `invalid URL escape "%2"`,
		good + `rt=1 name=n sig=x`:        "has name, which is the header's, behind it",
		good + `rt=1 event_ts=n sig=x`:    "has event_ts, which is the header's, behind it",
		good + `rt=1 cef_version=0 sig=x`: "has cef_version, which is the header's, behind it",
	} {
		if _, err := newReader(cef).received([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", line, err, want)
		}
	}
}

func needOpenSSL(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errNoOpenSSL) {
		err = &stack.Missing{Err: err}
	}
	stacktest.Need(t, err)
}

func TestOpenSSLChecksLinesOfEveryFormat(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	retired := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
	stranger := ed25519.NewKeyFromSeed([]byte(strings.Repeat("y", ed25519.SeedSize)))
	o, err := findOpenSSL(t.Context(), t.TempDir(), publicKeys{key.Public().(ed25519.PublicKey), retired.Public().(ed25519.PublicKey)})
	needOpenSSL(t, err)
	wrap := func(line string) string { return `{"event":` + line + `}` }
	for f, lines := range map[Format][]string{
		plain: {line(key, gotOne), strings.Replace(line(key, gotOne), "1.50", "1.51", 1), line(retired, gotTwo), line(stranger, gotTwo), gotTwo + "}"},
		cps:   {wrap(line(key, gotOne)), wrap(strings.Replace(line(key, gotOne), "1.50", "1.51", 1)), wrap(line(retired, gotTwo)), wrap(line(stranger, gotTwo)), line(key, gotOne)},
		cef:   {cefLine(key, cefOne), strings.Replace(cefLine(key, cefOne), "1.50", "1.51", 1), cefLine(retired, cefTwo), cefLine(stranger, cefTwo), cefOne + " sig="},
	} {
		var all [][]byte
		for _, l := range lines {
			all = append(all, []byte(l))
		}
		wrong, err := o.verify(t.Context(), f, all)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{1, 3, 4}, wrong); diff != "" {
			t.Errorf("%s: wrong are (-want +got):\n%s", f, diff)
		}
	}
}

func TestOpenSSLThatCannotBeAskedIsAnErrorNotAWrongSignature(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	folder := t.TempDir()
	o, err := findOpenSSL(t.Context(), folder, publicKeys{key.Public().(ed25519.PublicKey)})
	needOpenSSL(t, err)
	o.keys[0] += ".gone"
	if wrong, err := o.verify(t.Context(), plain, [][]byte{[]byte(line(key, gotOne))}); err == nil {
		t.Errorf("got %v", wrong)
	}
	t.Setenv("PATH", folder)
	if _, err := findOpenSSL(t.Context(), folder, nil); !errors.Is(err, errNoOpenSSL) {
		t.Errorf("without openssl: %v", err)
	}
}
