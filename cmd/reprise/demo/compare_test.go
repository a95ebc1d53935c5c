package demo

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// line signs an object as the service would; the object comes without its closing brace.
func line(key ed25519.PrivateKey, open string) string {
	return open + `,"sig":"` + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(open+"}"))) + `"}`
}

// The three entries of the stories, sent and received; their times lie in day().
const (
	sentOne   = `{"n":1.50,"rt":1772366400000, "o":{"z":1, "a":[2]},"severity":"6","src":5}`
	sentTwo   = `{"event_ts":"2026-03-01T11:00:00.5Z","t":36893488147419103232,"u":"\u00e9"}`
	sentThree = `{"event_ts":"2026-03-01T13:00:00+02:00","rt":1772362800999,"org_id":"` + org + `"}`
	gotOne    = `{"event_ts":"2026-03-01T12:00:00Z","n":1.50,"o":{"z":1,"a":[2]},"org_id":"` + org + `","rt":1772366400000,"severity":6,"src":"5"`
	gotTwo    = `{"event_ts":"2026-03-01T11:00:00.5Z","org_id":"` + org + `","rt":1772362800500,"t":36893488147419103232,"u":"\u00e9"`
	gotThree  = `{"event_ts":"2026-03-01T11:00:00Z","org_id":"` + org + `","rt":1772362800999`
	outside   = `{"rt":1772366400124}` // a millisecond after noon
)

func TestTheComparisonFindsWhatIsWrong(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
	one, two, three := line(key, gotOne), line(key, gotTwo), line(key, gotThree)
	good := result{Sent: 3, SentOutside: 1, Received: 3}
	for name, c := range map[string]struct {
		received []string
		want     result
		problem  string // kind, line, and the start of the text of the first problem
	}{
		"everything arrived":        {[]string{one, two, three}, good, ""},
		"in another order":          {[]string{three, one, two}, good, ""},
		"one is missing":            {[]string{one, three}, result{Received: 2, Missing: 1}, "missing 2 " + sentTwo},
		"nothing arrived":           {nil, result{Missing: 3}, "missing 1 " + sentOne},
		"one came twice":            {[]string{one, two, three, two}, result{Received: 4, Duplicates: 1}, "duplicate 4 " + gotTwo},
		"a digit was lost":          {[]string{line(key, strings.Replace(gotOne, "1.50", "1.5", 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a number was rounded":      {[]string{one, line(key, strings.Replace(gotTwo, "103232", "103000", 1)), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"an escape was respelled":   {[]string{one, line(key, strings.Replace(gotTwo, `\u00e9`, `é`, 1)), three}, result{Missing: 1, Altered: 1}, "altered 2 "},
		"a type was kept":           {[]string{line(key, strings.Replace(gotOne, `:6`, `:"6"`, 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a member was added":        {[]string{one, two, line(key, gotThree+`,"x":0`)}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"rt was made wrong":         {[]string{one, line(key, strings.Replace(gotTwo, "800500", "800501", 1)), three}, result{Altered: 1}, "altered 2 "},
		"a given rt was changed":    {[]string{one, two, line(key, strings.Replace(gotThree, "0999", "0998", 1))}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"another organization":      {[]string{one, two, line(key, strings.Replace(gotThree, org, "them", 1))}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"no event_ts":               {[]string{one, two, line(key, strings.Replace(gotThree, "event_ts", "ts", 1))}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"no JSON":                   {[]string{one, two, three[1:]}, result{Missing: 1, Altered: 1, WrongSig: 1}, "altered 3 "},
		"a wrong signature":         {[]string{line(other, gotOne), two, three}, result{WrongSig: 1}, "wrong signature 1 " + gotOne},
		"one from outside":          {[]string{one, two, three, line(key, strings.Replace(gotOne, "6400000", "6400124", 1))}, result{Received: 4, Outside: 1}, "outside the range 4 "},
		"the one that was outside":  {[]string{one, two, three, line(key, `{"event_ts":"2026-03-01T12:00:00.124Z","org_id":"`+org+`","rt":1772366400124`)}, result{Received: 4, Outside: 1}, "outside the range 4 "},
		"a key came twice":          {[]string{line(key, strings.Replace(gotOne, `"n":1.50`, `"n":1.50,"n":1.50`, 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"keys out of order":         {[]string{one, two, line(key, `{"org_id":"`+org+`","event_ts":"2026-03-01T11:00:00Z","rt":1772362800999`)}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"a space between literals":  {[]string{line(key, strings.Replace(gotOne, `,"n"`, `, "n"`, 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a space in a nested value": {[]string{line(key, strings.Replace(gotOne, `,"a"`, `, "a"`, 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"a space behind the line":   {[]string{one + " ", two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"rt is a string":            {[]string{line(key, strings.Replace(gotOne, `1772366400000`, `"1772366400000"`, 1)), two, three}, result{Missing: 1, Altered: 1}, "altered 1 "},
		"event_ts has an offset":    {[]string{one, two, line(key, strings.Replace(gotThree, "11:00:00Z", "13:00:00+02:00", 1))}, result{Missing: 1, Altered: 1}, "altered 3 "},
		"a key behind sig":          {[]string{one, two, three[:len(three)-1] + `,"t":1}`}, result{Missing: 1, Altered: 1, WrongSig: 1}, "altered 3 "},
		"no sig":                    {[]string{one, two, gotThree + "}"}, result{Missing: 1, Altered: 1, WrongSig: 1}, "altered 3 "},
		"nothing right about a lot": {[]string{`{`, `{`, `{`, `{`, `{`}, result{Received: 5, Missing: 3, Altered: 5, WrongSig: 5}, "altered 1 {"},
	} {
		t.Run(name, func(t *testing.T) {
			want := c.want
			want.Sent, want.SentOutside = 3, 1
			if want.Received == 0 && c.received != nil {
				want.Received = 3
			}
			checkComparison(t, plain, key, c.received, want, c.problem)
		})
	}
}

// checkComparison holds what was received against the entries of the stories; first is how the first problem begins: its kind, line, text.
func checkComparison(t *testing.T, f Format, key ed25519.PrivateKey, received []string, want result, first string) {
	t.Helper()
	sent := file(t, "sent", strings.Join([]string{sentOne, sentTwo, sentThree, outside, ""}, "\n"))
	got, err := compare(sent, file(t, "received", strings.Join(received, "\n")), org, f, day(), publicKeys{key.Public().(ed25519.PublicKey)}, 3, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if got.OK() != (first == "") {
		t.Errorf("OK is %t", got.OK())
	}
	problem := ""
	if len(got.Problems) > 0 {
		p := got.Problems[0]
		problem = fmt.Sprintf("%s %d %s", p.Kind, p.Line, p.Text)
	}
	if !strings.HasPrefix(problem, first) || first == "" && problem != "" {
		t.Errorf("the first problem is %q, want %q", problem, first)
	}
	got.Problems, got.Checked, got.Sample = nil, 0, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestWhereNobodySaysWhoseEntriesTheyAreAllMustBeOfOne(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	sent := file(t, "sent", sentOne+"\n"+sentTwo+"\n")
	for name, c := range map[string]struct {
		orgs    [2]string // the literals of the two entries' org_id
		altered int64
	}{
		"of one":              {[2]string{`"acme"`, `"acme"`}, 0},
		"of two":              {[2]string{`"acme"`, `"other"`}, 1},
		"of one without name": {[2]string{`""`, `""`}, 2},
		"of what is no name":  {[2]string{`null`, `12345`}, 2},
	} {
		var got []string
		for i, line0 := range []string{gotOne, gotTwo} {
			got = append(got, line(key, strings.Replace(line0, `"`+org+`"`, c.orgs[i], 1)))
		}
		r, err := compare(sent, file(t, "received", strings.Join(got, "\n")), "", plain, day(), publicKeys{key.Public().(ed25519.PublicKey)}, 2, func() {})
		if err != nil || r.Altered != c.altered || r.Missing != c.altered {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestAFaultOfFormIsToldByItsName(t *testing.T) {
	for line, want := range map[string]string{
		`{"a":1,"a":1,"sig":""}`:                            `has the key "a" twice`,
		`{"b":1,"a":1,"sig":""}`:                            `has its keys out of order: "a" behind "b"`,
		`{"a":1, "sig":""}`:                                 "has white space between its literals",
		`{"rt":"1","sig":""}`:                               "has an rt that is a string",
		`{"event_ts":"2026-03-01T11:00:00+00:00","sig":""}`: "has an event_ts that is not in UTC, with a Z at its end",
		`{"sig":"","z":1}`:                                  "has no sig as its last member",
		`{"sig":"","sig":""}`:                               `has the key "sig" twice`,
		`{"a":[1 ],"sig":""}`:                               "has white space between its literals",
		`{}`:                                                "has no sig as its last member",
		`{"a":1}{}`:                                         "has something behind its JSON object",
		`null`:                                              "is no JSON object",
	} {
		if _, err := newReader(plain).received([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", line, err, want)
		}
	}
}

func TestOnlyTheFirstFewProblemsOfAKindAreNamed(t *testing.T) {
	var r result
	for i := range int64(10) {
		r.note(problem{Kind: "missing", Line: i})
		r.note(problem{Kind: "altered", Line: i, Text: strings.Repeat("x", 5000)})
	}
	if len(r.Problems) != 2*named {
		t.Errorf("%d problems are named, want %d", len(r.Problems), 2*named)
	}
	for _, p := range r.Problems {
		if len(p.Text) > 1100 {
			t.Errorf("the text of a problem has %d bytes", len(p.Text))
		}
	}
}
