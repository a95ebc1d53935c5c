package receiver

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const (
	// maxDecoded is how long a batch may be, decoded; 64 times what is usual (CONTRACT.md §4).
	maxDecoded = 64 << 20
	// maxBody leaves gzip the room to make incompressible bytes a little longer.
	maxBody = maxDecoded + maxDecoded/64
)

// batch is what one POST brought.
type batch struct {
	id    string
	body  []byte   // as it came
	text  []byte   // decoded
	lines [][]byte // of text, without their newlines
}

// read holds a POST to the form of CONTRACT.md §4. Its error says what is wrong with it.
func read(w http.ResponseWriter, req *http.Request) (batch, error) {
	// What a header says of the length saves copies, but nobody is believed to send 64 MiB.
	var body bytes.Buffer
	body.Grow(int(min(max(req.ContentLength, 0), 1<<20)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, req.Body, maxBody)); err != nil {
		return batch{}, fmt.Errorf("reading the body: %w", err)
	}
	h := req.Header
	switch {
	case h.Get("Webhook-Id") == "":
		return batch{}, errors.New("it has no Webhook-Id")
	case h.Get("Content-Type") != "text/plain; charset=utf-8":
		return batch{}, fmt.Errorf("its Content-Type is %q, not text/plain; charset=utf-8", h.Get("Content-Type"))
	case h.Get("Content-Encoding") != "gzip":
		return batch{}, fmt.Errorf("its Content-Encoding is %q, not gzip", h.Get("Content-Encoding"))
	}
	text, err := member(body.Bytes())
	if err != nil {
		return batch{}, err
	}
	lines, err := split(text)
	if err != nil {
		return batch{}, err
	}
	if said := h.Get("Reprise-Entries"); said != strconv.Itoa(len(lines)) {
		plural := "s"
		if len(lines) == 1 {
			plural = ""
		}
		return batch{}, fmt.Errorf("it has %d line%s, Reprise-Entries says %q", len(lines), plural, said)
	}
	return batch{id: h.Get("Webhook-Id"), body: body.Bytes(), text: text, lines: lines}, nil
}

// Lines is the lines of a batch's body, without their ends: one gzip member of at least one line, each ended. Of a body that a
// receiver took the error is nil.
func Lines(body []byte) ([][]byte, error) {
	text, err := member(body)
	if err != nil {
		return nil, err
	}
	return split(text)
}

// member decodes one gzip member (RFC 1952) that has nothing behind it: many receivers stop after the first.
func member(body []byte) ([]byte, error) {
	rest := bytes.NewReader(body) // an io.ByteReader: nothing is read beyond the member
	z, err := gzip.NewReader(rest)
	if err != nil {
		return nil, fmt.Errorf("it is no gzip: %w", err)
	}
	z.Multistream(false)
	var text bytes.Buffer
	if n := len(body); n >= 4 { // the last four bytes are the decoded length, if it is well-formed
		text.Grow(int(min(binary.LittleEndian.Uint32(body[n-4:]), 2<<20)) + bytes.MinRead)
	}
	if _, err := text.ReadFrom(io.LimitReader(z, maxDecoded+1)); err != nil {
		return nil, fmt.Errorf("its gzip is damaged: %w", err)
	}
	if text.Len() > maxDecoded {
		return nil, fmt.Errorf("it is longer than %d bytes decoded", maxDecoded)
	}
	if rest.Len() > 0 {
		return nil, fmt.Errorf("it is more than one gzip member: %d bytes follow the first", rest.Len())
	}
	return text.Bytes(), nil
}

func split(text []byte) ([][]byte, error) {
	if len(text) == 0 {
		return nil, errors.New("it has no entries")
	}
	if text[len(text)-1] != '\n' {
		return nil, errors.New("its last line does not end with a newline")
	}
	lines := make([][]byte, 0, bytes.Count(text, []byte("\n")))
	for line := range bytes.Lines(text) {
		if len(line) == 1 {
			return nil, fmt.Errorf("its line %d is empty", len(lines)+1)
		}
		lines = append(lines, line[:len(line)-1])
	}
	return lines, nil
}
