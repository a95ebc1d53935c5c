package chunk_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	kpgzip "github.com/klauspost/compress/gzip"

	"pgregory.net/rapid"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// noon is when the entries of these tests happen, or shortly after.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func allDay() replay.Window {
	return replay.Window{From: noon.Add(-12 * time.Hour), To: noon.Add(12 * time.Hour)}
}

func signingKey(seed byte) auditlog.Key {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	return auditlog.Key{ID: fmt.Sprint("key-", seed), Private: private}
}

// entry is one in canonical form, that long after noon, with a filling. Other things in it look like its rt.
func entry(after time.Duration, filling string) auditlog.Entry {
	at := noon.Add(after)
	return auditlog.Entry{At: at, Raw: fmt.Appendf(nil,
		`{"a":{"rt":1},"filling":"%s","q":"\"rt\":2,","rt":%d,"z":[{"rt":3}]}`, filling, at.UnixMilli())}
}

// noise is text that hardly compresses.
func noise(seed uint64, n int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	random := rand.New(rand.NewPCG(seed, 1))
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return string(text)
}

// evenly is n entries, one every step, of about size bytes each as lines.
func evenly(n int, step time.Duration, size int) []auditlog.Entry {
	bare := len(entry(0, "").Raw) + auditlog.SignatureSize + 1
	entries := make([]auditlog.Entry, n)
	for i := range entries {
		entries[i] = entry(time.Duration(i)*step, noise(uint64(i), max(0, size-bare)))
	}
	return entries
}

// pack is the chunks of one body for each list of entries, in order of key.
func pack(t rapid.TB, bodies ...[]auditlog.Entry) []chunk.Chunk {
	t.Helper()
	var all []chunk.Chunk
	for i, entries := range bodies {
		chunks, _, err := chunk.Pack(sha256.Sum256([]byte{byte(i)}), entries, signingKey(1))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, chunks...)
	}
	slices.SortFunc(all, func(a, b chunk.Chunk) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// stored yields chunks as a store does: Deflate is spoiled as soon as the next one is asked for.
func stored(chunks []chunk.Chunk) iter.Seq2[chunk.Chunk, error] {
	return func(yield func(chunk.Chunk, error) bool) {
		var row []byte
		for _, c := range chunks {
			row = append(row[:0], c.Deflate...)
			c.Deflate = row
			if !yield(c, nil) {
				return
			}
			clear(row)
		}
	}
}

// place is a line with where it lies.
type place struct {
	cursor replay.Cursor // right behind it
	at     time.Time
	line   string
}

// places is every line of the chunks, in order.
func places(t rapid.TB, chunks []chunk.Chunk) []place {
	t.Helper()
	var all []place
	for _, c := range chunks {
		n := 0
		for line, err := range c.Lines() {
			if err != nil {
				t.Fatal(err)
			}
			n++
			at, ok := auditlog.At(line)
			if !ok {
				t.Fatalf("no rt in %s", line)
			}
			all = append(all, place{replay.Cursor{Chunk: c.Key, Line: n}, at, string(line)})
		}
	}
	return all
}

// rest is the places of a window after a cursor.
func rest(all []place, w replay.Window, from replay.Cursor) []place {
	var left []place
	for _, p := range all {
		behind := p.cursor.Chunk < from.Chunk || p.cursor.Chunk == from.Chunk && p.cursor.Line <= from.Line
		if !behind && w.Holds(p.at) {
			left = append(left, p)
		}
	}
	return left
}

func text(places []place) string {
	var b strings.Builder
	for _, p := range places {
		b.WriteString(p.line + "\n")
	}
	return b.String()
}

// shout is a way to write lines that makes them twice as long.
func shout(dst, line []byte) ([]byte, error) {
	return append(append(dst, bytes.ToUpper(line)...), line...), nil
}

// written is the places with the lines that are sent.
func written(t rapid.TB, all []place, write func(dst, line []byte) ([]byte, error)) []place {
	t.Helper()
	if write == nil {
		return all
	}
	sent := slices.Clone(all)
	for i, p := range sent {
		line, err := write(nil, []byte(p.line))
		if err != nil {
			t.Fatal(err)
		}
		sent[i].line = string(line)
	}
	return sent
}

// collect is all batches, with bodies of their own.
func collect(t rapid.TB, batches iter.Seq2[chunk.Batch, error]) []chunk.Batch {
	t.Helper()
	var all []chunk.Batch
	for b, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		b.Body = bytes.Clone(b.Body)
		all = append(all, b)
	}
	return all
}

// gunzip decodes one member with two decoders, after which nothing may be left.
func gunzip(t rapid.TB, body []byte) string {
	t.Helper()
	var got [2]string
	std := bytes.NewReader(body)
	r, err := stdgzip.NewReader(std)
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	got[0] = readAll(t, r)
	kp := bytes.NewReader(body)
	k, err := kpgzip.NewReader(kp)
	if err != nil {
		t.Fatal(err)
	}
	k.Multistream(false)
	got[1] = readAll(t, k)
	if std.Len() > 0 || kp.Len() > 0 {
		t.Fatalf("%d and %d bytes are left behind the member", std.Len(), kp.Len())
	}
	if got[0] != got[1] {
		t.Fatal("two decoders read two different things")
	}
	return got[0]
}

func readAll(t rapid.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
