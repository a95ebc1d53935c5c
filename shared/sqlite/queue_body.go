package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"reprise/shared/replay"
)

// bodyVersion is raised when the meaning of a body changes: a message that was sent by another version of this program
// is a dead letter then, not a guess.
const bodyVersion = 1

// body is what a message says besides whose it is, which stands in columns: so a dead letter names its job, whatever
// became of its body (DESIGN.md §5).
type body struct {
	Version int       `json:"version"`
	Slice   int       `json:"slice"`
	Lane    int       `json:"lane"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

func encodeBody(s replay.Slice) ([]byte, error) {
	return json.Marshal(body{bodyVersion, s.N, s.Lane, s.Window.From.UTC(), s.Window.To.UTC()})
}

// decodeBody is the slice of that job, or, with the error, as much of it as can be told: the fence.
func decodeBody(of replay.Fence, data []byte) (replay.Slice, error) {
	s := replay.Slice{Fence: of}
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return s, fmt.Errorf("reading the message: %w", err)
	}
	if b.Version != bodyVersion {
		return s, fmt.Errorf("reading the message: its version is %d, known is %d", b.Version, bodyVersion)
	}
	w := replay.Window{From: b.From.UTC(), To: b.To.UTC()}
	if b.Slice < 0 || b.Lane < 0 || w.To.Before(w.From) || w.From.Year() < 0 || w.To.Year() > 9999 { // RFC 3339's years, in UTC
		return s, fmt.Errorf("reading the message: slice %d in lane %d from %s to %s cannot be", b.Slice, b.Lane, w.From, w.To)
	}
	s.N, s.Lane, s.Window = b.Slice, b.Lane, w
	return s, nil
}
