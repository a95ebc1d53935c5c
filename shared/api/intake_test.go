package api_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"reprise/shared/replay"
)

const (
	ndjson = "application/x-ndjson"
	array  = "application/json"
)

// entry is one of acme's, n milliseconds before noon.
func entry(n int) string {
	return fmt.Sprintf(`{"event_class_id":"konnect","name":"Authz.x","rt":%d,"n":%d}`, noon.UnixMilli()-int64(n), n)
}

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(entry(i) + "\n")
	}
	return b.String()
}

func zipped(t testing.TB, texts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestEntriesAreTakenInEveryDress(t *testing.T) {
	t.Parallel()
	three := lines(3)
	listed := "[" + strings.Join([]string{entry(0), entry(1), entry(2)}, ",\n") + "]"
	for name, tt := range map[string]struct {
		kind, coding, body, decoded string
		n                           int
	}{
		"lines":                      {ndjson, "", three, three, 3},
		"lines without the last end": {ndjson, "", strings.TrimSuffix(three, "\n"), strings.TrimSuffix(three, "\n"), 3},
		"lines of Windows":           {ndjson, "", strings.ReplaceAll(three, "\n", "\r\n"), strings.ReplaceAll(three, "\n", "\r\n"), 3},
		"lines with blanks between":  {ndjson, "identity", "\n" + three + "\n\n" + entry(3), "\n" + three + "\n\n" + entry(3), 4},
		"lines in a charset":         {"Application/X-NDJSON; charset=utf-8", "", three, three, 3},
		"an array":                   {array, "", listed, listed, 3},
		"an array of one":            {array + "; charset=utf-8", "", " [ " + entry(0) + " ] ", " [ " + entry(0) + " ] ", 1},
		"zipped lines":               {ndjson, "gzip", zipped(t, three), three, 3},
		"a zipped array":             {array, "X-GZIP", zipped(t, listed), listed, 3},
		"zipped in two members":      {ndjson, "gzip", zipped(t, three[:100], three[100:]), three, 3},
		"equal ones are all kept":    {ndjson, "", entry(0) + "\n" + entry(0), entry(0) + "\n" + entry(0), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			edits := []func(*http.Request){with("Content-Type", tt.kind), with("Authorization", "Bearer "+producer)}
			if tt.coding != "" {
				edits = append(edits, with("Content-Encoding", tt.coding))
			}
			w := s.ask("POST", logPath, tt.body, edits...)
			answered(t, w, 202, fmt.Sprintf(`{"accepted":%d}`, tt.n))
			if len(s.taken[acme]) != tt.n || len(s.bodies) != 1 || s.bodies[0] != sha256.Sum256([]byte(tt.decoded)) {
				t.Errorf("took %d entries of bodies %x", len(s.taken[acme]), s.bodies)
			}
			for _, e := range s.taken[acme] {
				if !bytes.Contains(e.Raw, []byte(`"org_id":"acme"`)) {
					t.Errorf("took %s", e.Raw)
				}
			}
		})
	}
}

func TestNothingIsTakenFromAnEmptyBody(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for kind, bodies := range map[string][]string{ndjson: {"", "\n", "\r\n \n"}, array: {"[]", " [ ] "}} {
		for _, body := range bodies {
			answered(t, s.ask("POST", logPath, body, with("Content-Type", kind)), 202, `{"accepted":0}`)
		}
	}
	if len(s.bodies) > 0 {
		t.Error("took something")
	}
}

func TestBadEntriesAreNamedByTheirLine(t *testing.T) {
	t.Parallel()
	other := `{"event_class_id":"k","name":"n","rt":1772971200000,"org_id":"other"}`
	var many []string
	for n := range 20 {
		many = append(many, fmt.Sprintf("line %d: org_id", n+1))
	}
	for name, tt := range map[string]struct {
		kind, body string
		fields     []string
	}{
		"another org_id in a line":      {ndjson, lines(16) + other + "\n" + lines(3), []string{"line 17: org_id"}},
		"blank lines count":             {ndjson, "\n\n" + other, []string{"line 3: org_id"}},
		"another org_id in an array":    {array, "[" + entry(0) + "," + other + "]", []string{"line 2: org_id"}},
		"two lines":                     {ndjson, other + "\n" + entry(0) + "\n" + other, []string{"line 1: org_id", "line 3: org_id"}},
		"the first twenty":              {ndjson, strings.Repeat(other+"\n", 30), many},
		"no object":                     {ndjson, entry(0) + "\n5", []string{"line 2: entry"}},
		"no object in an array":         {array, "[" + entry(0) + ",5]", []string{"line 2: entry"}},
		"too old":                       {ndjson, entry(8 * 24 * 3600 * 1000), []string{"line 1: rt"}},
		"a sig that comes in":           {ndjson, `{"event_class_id":"k","name":"n","rt":1772971200000,"sig":"x"}`, []string{"line 1: sig"}},
		"a key twice":                   {ndjson, `{"event_class_id":"k","name":"n","rt":1772971200000,"a":1,"a":1}`, []string{"line 1: a"}},
		"an array sent as lines":        {ndjson, "[" + entry(0) + "]", []string{"line 1: entry"}},
		"several things missing in one": {ndjson, `{"rt":1772971200000}`, []string{"line 1: event_class_id", "line 1: name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			w := s.ask("POST", logPath, tt.body, with("Content-Type", tt.kind))
			p := problem(t, w)
			if w.Code != 400 || p.Detail != "Invalid entry" || len(p.Invalid) != len(tt.fields) {
				t.Fatal(w.Body)
			}
			for i, v := range p.Invalid {
				if v.Field != tt.fields[i] || v.Reason == "" {
					t.Errorf("got %+v, want %s", v, tt.fields[i])
				}
			}
			if s.all() > 0 {
				t.Error("took something")
			}
		})
	}
}

func TestABadBodyOfEntriesIsRefused(t *testing.T) {
	t.Parallel()
	short := zipped(t, lines(100))
	long := strings.Repeat(" ", 4<<20)
	tooLong := trouble("413", "Content Too Large", "The body is longer than 4194304 bytes")
	tooMany := trouble("413", "Content Too Large", "More than 10000 entries")
	kinds := trouble("415", "Unsupported Media Type", "Content-Type must be application/x-ndjson or application/json")
	codings := trouble("415", "Unsupported Media Type", "Content-Encoding must be gzip")
	for name, tt := range map[string]struct {
		kind, coding, body string
		code               int
		want               string
	}{
		"no type":                    {"", "", lines(1), 415, kinds},
		"a form":                     {"application/x-www-form-urlencoded", "", lines(1), 415, kinds},
		"no type at all":             {"json", "", lines(1), 415, kinds},
		"another coding":             {ndjson, "br", lines(1), 415, codings},
		"two codings":                {ndjson, "gzip, gzip", zipped(t, zipped(t, lines(1))), 415, codings},
		"no gzip":                    {ndjson, "gzip", lines(1), 400, bad(unparsed, shape)},
		"nothing for gzip":           {ndjson, "gzip", "", 400, bad(unparsed, shape)},
		"gzip cut off":               {ndjson, "gzip", short[:len(short)-1], 400, bad(unparsed, shape)},
		"gzip cut in the middle":     {ndjson, "gzip", short[:len(short)/2], 400, bad(unparsed, shape)},
		"gzip with another checksum": {ndjson, "gzip", short[:len(short)-8] + "xxxx" + short[len(short)-4:], 400, bad(unparsed, shape)},
		"gzip and something more":    {ndjson, "gzip", short + "more", 400, bad(unparsed, shape)},
		"half an array":              {array, "", "[" + entry(0), 400, bad(unparsed, shape)},
		"an object":                  {array, "", entry(0), 400, bad(unparsed, shape)},
		"lines for an array":         {array, "", lines(2), 400, bad(unparsed, shape)},
		"too long":                   {ndjson, "", long + " ", 413, tooLong},
		"too long when decoded":      {ndjson, "gzip", zipped(t, long+" "), 413, tooLong},
		"a bomb":                     {ndjson, "gzip", zipped(t, strings.Repeat("\n", 20<<20)), 413, tooLong},
		"members without an end":     {ndjson, "gzip", strings.Repeat(zipped(t, ""), 200_000), 413, trouble("413", "Content Too Large", "The body is longer than 4259840 bytes")},
		"too many lines":             {ndjson, "", lines(10_001), 413, tooMany},
		"too many in an array":       {array, "", "[" + strings.ReplaceAll(strings.TrimSpace(lines(10_001)), "\n", ",") + "]", 413, tooMany},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			w := s.ask("POST", logPath, tt.body, with("Content-Type", tt.kind), with("Content-Encoding", tt.coding))
			answered(t, w, tt.code, tt.want)
			if s.all() > 0 {
				t.Error("took something")
			}
		})
	}
}

func TestTheLargestBodiesAreTaken(t *testing.T) {
	t.Parallel()
	many := lines(10_000)
	full := many + strings.Repeat("\n", 4<<20-len(many))
	s := newStack(t)
	answered(t, s.ask("POST", logPath, zipped(t, full), with("Content-Type", ndjson), with("Content-Encoding", "gzip")), 202, `{"accepted":10000}`)
	answered(t, s.ask("POST", logPath, strings.Repeat("\n", 4<<20), with("Content-Type", ndjson)), 202, `{"accepted":0}`)
}

func TestABodyMayComeSlowly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r, _ := http.NewRequestWithContext(t.Context(), "POST", logPath, slowly{strings.NewReader(zipped(t, lines(50)))})
	w := s.ask("POST", logPath, "", with("Content-Type", ndjson), with("Content-Encoding", "gzip"), func(q *http.Request) { q.Body = r.Body })
	answered(t, w, 202, `{"accepted":50}`)
}

func TestABodyThatBreaksOffTakesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, coding := range []string{"identity", "gzip"} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", logPath, iotest.TimeoutReader(slowly{strings.NewReader(zipped(t, lines(50)))}))
		w := s.ask("POST", logPath, "", with("Content-Type", ndjson), with("Content-Encoding", coding), func(q *http.Request) { q.Body = r.Body })
		answered(t, w, 400, bad(unparsed, shape))
	}
	if s.all() > 0 {
		t.Error("took something")
	}
}

func TestEntriesAreTakenForTheTokensOrganization(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.ask("POST", logPath, lines(2), with("Content-Type", ndjson), with("Reprise-Region", "eu"))
	if w.Code != 202 || len(s.taken[replay.Scope{Org: "acme", Region: "eu"}]) != 2 {
		t.Error(w.Body)
	}
}
