package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// messageVersion is raised when the meaning of a message changes: one that was sent by another version of this program
// is a dead letter then, not a guess.
const messageVersion = 1

// message is what a slice's message says besides whose it is, which stands beside it on every queue: so a dead letter
// names its job, whatever became of its body (DESIGN.md §5). A field that is not there is nil.
type message struct {
	Version *int       `json:"version"`
	Slice   *int       `json:"slice"`
	Lane    *int       `json:"lane"`
	From    *time.Time `json:"from"`
	To      *time.Time `json:"to"`
}

// Message is the slice as a queue carries it, its fence aside: ReadMessage reads it.
func (s Slice) Message() ([]byte, error) {
	version, from, to := messageVersion, s.Window.From.UTC(), s.Window.To.UTC()
	return json.Marshal(message{&version, &s.N, &s.Lane, &from, &to})
}

// ReadMessage is the slice of that job that a message tells of, or, with the error, as much of it as can be told: the fence.
// A message that lacks a field, or has one that we do not know, was not sent by this version: what it means is not guessed.
func ReadMessage(of Fence, data []byte) (Slice, error) {
	s := Slice{Fence: of}
	var m message
	if err := m.read(data); err != nil {
		return s, fmt.Errorf("reading the message: %w", err)
	}
	w := Window{From: m.From.UTC(), To: m.To.UTC()}
	if *m.Slice < 0 || *m.Lane < 0 || w.To.Before(w.From) || w.From.Year() < 0 || w.To.Year() > 9999 { // RFC 3339's years, in UTC
		return s, fmt.Errorf("reading the message: slice %d in lane %d from %s to %s cannot be", *m.Slice, *m.Lane, w.From, w.To)
	}
	s.N, s.Lane, s.Window = *m.Slice, *m.Lane, w
	return s, nil
}

func (m *message) read(data []byte) error {
	// The version first: what another one has for fields is its own business.
	var known struct{ Version *int }
	if err := json.Unmarshal(data, &known); err != nil {
		return err
	}
	if known.Version == nil {
		return errors.New("it has no version")
	}
	if *known.Version != messageVersion {
		return fmt.Errorf("its version is %d, known is %d", *known.Version, messageVersion)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind it")
	}
	if m.Slice == nil || m.Lane == nil || m.From == nil || m.To == nil {
		return errors.New("it lacks a field")
	}
	return nil
}
