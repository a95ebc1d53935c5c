package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	kpgzip "github.com/klauspost/compress/gzip"

	"reprise/shared/auditlog"
)

// Whatever a body of entries is, in whichever dress: it is answered 202 with as many entries as are stored, which another gzip
// and another JSON reader find there, too; or it is refused, with nothing stored.
func FuzzIntakeBody(f *testing.F) {
	for _, body := range []string{
		"", "\n\r\n \t\n", lines(1), lines(3), "[]", "[" + entry(0) + "]", "[" + entry(0) + "," + entry(1) + "] ", "[" + entry(0), entry(0) + entry(1),
		"\ufeff" + entry(0), "{}", "null", "[[[[[[[[", strings.Repeat("[", 200) + strings.Repeat("]", 200), entry(0) + "\x00", "\xff",
	} {
		for _, array := range []bool{false, true} {
			f.Add([]byte(body), array, false)
			f.Add([]byte(zipped(f, body)), array, true)
			f.Add([]byte(zipped(f, "")+zipped(f, body)+zipped(f, body)), array, true)
			f.Add([]byte(zipped(f, body)+"x"), array, true)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, array, coded bool) {
		s := newStack(t)
		kind, coding := ndjson, ""
		if array {
			kind = "application/json"
		}
		if coded {
			coding = "gzip"
		}
		w := s.ask("POST", logPath, string(body), with("Content-Type", kind), with("Content-Encoding", coding))
		switch w.Code {
		case 202:
			want := texts(t, body, array, coded)
			var got struct{ Accepted int }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Accepted != len(want) || s.all() != len(want) {
				t.Fatalf("accepted %d, stored %d of %q: %v", got.Accepted, s.all(), want, err)
			}
			for i, e := range s.taken[acme] {
				if again, err := auditlog.Parse(want[i], acme.Org, noon); err != nil || !bytes.Equal(again.Raw, e.Raw) || !json.Valid(want[i]) {
					t.Fatalf("%q is stored as %q: %v", want[i], e.Raw, err)
				}
			}
		case 400, 413:
			if problem(t, w); s.all() > 0 {
				t.Fatal("refused, but stored")
			}
		default:
			t.Fatal(w.Body)
		}
	})
}

// texts is the entries of a body that was taken, as others read it.
func texts(t *testing.T, body []byte, array, coded bool) (all [][]byte) {
	if coded {
		text, err := another(body)
		if errors.Is(err, kpgzip.ErrHeader) { // a flag that RFC 1952 reserves; ours passes over it, and the checksum was right
			text, err = ours(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		body = text
	}
	if array {
		var elements []json.RawMessage
		if err := json.Unmarshal(body, &elements); err != nil {
			t.Fatal(err)
		}
		for _, element := range elements {
			all = append(all, element)
		}
		return all
	}
	for line := range strings.SplitSeq(string(body), "\n") {
		if strings.Trim(line, " \t\r") != "" {
			all = append(all, []byte(strings.TrimSuffix(line, "\r")))
		}
	}
	return all
}

func another(zipped []byte) ([]byte, error) {
	z, err := kpgzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func ours(zipped []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
