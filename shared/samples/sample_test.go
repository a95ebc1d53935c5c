package samples

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func id(at time.Time) string {
	return ulid.MustNew(ulid.Timestamp(at), strings.NewReader("sixteen bytes or more")).String()
}

func TestOnlyWhatWasMadeMeanwhileIsBlurred(t *testing.T) {
	since, until := noon.Add(1500*time.Microsecond), noon.Add(time.Second)
	for _, row := range []struct{ story, text, want string }{
		{"an id of now", `"` + id(since) + `"`, `"{{id}}"`},
		{"an id of before", `"` + id(noon) + `"`, `"` + id(noon) + `"`},
		{"an id of afterwards", `"` + id(until.Add(time.Millisecond)) + `"`, `"` + id(until.Add(time.Millisecond)) + `"`},
		{"more letters than an id has", id(since) + "X", id(since) + "X"},
		{"a time of now", `"2026-11-24T12:00:00.001Z"`, `"{{then}}"`}, // floored to milliseconds as the API floors
		{"a time of before", `"2026-11-24T12:00:00Z"`, `"2026-11-24T12:00:00Z"`},
		{"a time of afterwards", `"2026-11-24T12:00:01.001Z"`, `"2026-11-24T12:00:01.001Z"`},
		{"what it took", `"duration_ms":998`, `"duration_ms":{{took}}`},
		{"what it took, in text", `"{\"duration_ms\":0}"`, `"{\"duration_ms\":{{took}}}"`},
		{"more than all of it took", `"duration_ms":999`, `"duration_ms":999`},
		{"no time", `"2026-11-24"`, `"2026-11-24"`},
	} {
		if got := string(blur([]byte(row.text), since, until)); got != row.want {
			t.Errorf("%s: %s became %s, not %s", row.story, row.text, got, row.want)
		}
	}
}

func TestPlaceholdersAreFilledAndComeBack(t *testing.T) {
	f := filler{noon, map[string]string{"job": "J", "receiver": "", "message": "M"}}
	text := `{{now-2h}} {{ms-90m}} {{job}} {{message}}`
	filled := string(f.fill([]byte(text)))
	if want := `2026-11-24T10:00:00Z 1795516200000 J M`; filled != want {
		t.Errorf("filled in it is %s, not %s", filled, want)
	}
	if back := string(f.empty([]byte(filled))); back != text {
		t.Errorf("emptied it is %s, not %s", back, text)
	}
	for _, left := range []string{"{{receiver}}", "{{nobody}}", "{{now-soon}}", "{{id}}"} {
		if got := string(f.fill([]byte(left))); got != left {
			t.Errorf("%s became %s", left, got)
		}
	}
}

func TestABodyThatIsPackedIsFilledToo(t *testing.T) {
	root := "../.."
	s, err := Find(root, "intake", "intake-gzip")
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Event()
	if err != nil {
		t.Fatal(err)
	}
	event, err := filler{now: noon}.event(text)
	if err != nil {
		t.Fatal(err)
	}
	var e struct{ Body string }
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := unzip(packed)
	if err != nil || !strings.Contains(string(body), `"rt":1795514400000`) || strings.Contains(string(body), "{{") {
		t.Errorf("the body is %s: %v", body, err)
	}
}

func TestASampleThatIsNotThereIsAnsweredWithThoseThatAre(t *testing.T) {
	if _, err := Find("../..", "deliver", ""); err == nil || !strings.Contains(err.Error(), "deliver/slice-message") || strings.Contains(err.Error(), "sweep/") {
		t.Error(err)
	}
}
