package storetest

import (
	"testing"
	"time"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// windowGuarantees: which chunks may touch a window. A chunk lies within one minute, so from the first instant of
// From's minute up to To, that millisecond included (chunk.Range); from the cursor's chunk on, that one included.
func windowGuarantees() []guarantee {
	return []guarantee{
		{"a window yields every chunk that may touch it and no other", everyWindow},
		{"a cursor yields its own chunk and all after it", everyCursor},
		{"a cursor counts within its window only", aCursorOutsideTheWindow},
		{"chunks that came late are yielded to who asks later", chunksThatCameLate},
	}
}

// instants are the first times of the chunks that the rows below speak of, by name, in order of key.
func instants() []struct{ name, at string } {
	return []struct{ name, at string }{
		{"a", "2040-03-01T09:59:59.999Z"},
		{"b", "2040-03-01T10:00:00.000Z"},
		{"c", "2040-03-01T10:00:30.000Z"},
		{"d", "2040-03-01T10:00:30.000Z"}, // the same instant, another body
		{"e", "2040-03-01T10:00:59.999Z"},
		{"f", "2040-03-01T10:01:00.000Z"},
		{"g", "2040-03-01T10:59:59.999Z"},
		{"h", "2040-03-01T11:00:00.000Z"},
		{"i", "2040-03-01T23:59:59.999Z"},
		{"j", "2040-03-02T00:00:00.000Z"},
		{"k", "2040-03-02T00:00:00.001Z"},
		{"l", "2040-03-03T05:00:00.000Z"}, // after a day of quiet
	}
}

// laid keeps a chunk for each instant, in an order of its own; it gives the key of each and the name of each key.
func (b *bench) laid(t *testing.T, at replay.Scope) (keys, names map[string]string) {
	t.Helper()
	keys, names = make(map[string]string), make(map[string]string)
	var chunks []chunk.Chunk
	for i, in := range instants() {
		c := chunkAt(moment(t, in.at), i, 50)
		chunks = append(chunks, c)
		keys[in.name], names[c.Key] = c.Key, in.name
	}
	b.keep(t, at, chunks[5:]...)
	b.keep(t, at, chunks[:5]...)
	return keys, names
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, ok := replay.ParseTime(s)
	if !ok {
		t.Fatalf("the test itself is wrong: %q is no time", s)
	}
	return at
}

func windowOf(t *testing.T, from, to string) replay.Window {
	t.Helper()
	return replay.Window{From: moment(t, from), To: moment(t, to)}
}

// touched is the names of what a window yields from a cursor on.
func (b *bench) touched(t *testing.T, at replay.Scope, w replay.Window, from replay.Cursor, names map[string]string) string {
	t.Helper()
	var got string
	for _, c := range drain(t, b.Chunks(t.Context(), at, w, from)) {
		got += names[c.Key]
	}
	return got
}

func everyWindow(t *testing.T, b *bench) {
	at := b.scope()
	_, names := b.laid(t, at)
	for _, row := range []struct{ name, from, to, want string }{
		{"everything", "2040-03-01T00:00:00Z", "2040-03-04T00:00:00Z", "abcdefghijkl"},
		{"begins in mid minute", "2040-03-01T10:00:45.001Z", "2040-03-01T10:01:00.000Z", "bcdef"},
		{"begins in the last ms of a minute", "2040-03-01T10:00:59.999Z", "2040-03-01T10:00:59.999Z", "bcde"},
		{"begins in the last ms of an hour", "2040-03-01T09:59:59.999Z", "2040-03-01T10:00:00.000Z", "ab"},
		{"a whole minute", "2040-03-01T10:00:00.000Z", "2040-03-01T10:00:59.999Z", "bcde"},
		{"ends on a minute", "2040-03-01T10:00:00.000Z", "2040-03-01T10:01:00.000Z", "bcdef"},
		{"one ms", "2040-03-01T10:00:30.000Z", "2040-03-01T10:00:30.000Z", "bcd"},
		{"ends 1 ms before two", "2040-03-01T10:00:00.000Z", "2040-03-01T10:00:29.999Z", "b"},
		{"begins after all of its minute", "2040-03-01T10:01:30.000Z", "2040-03-01T10:02:00.000Z", "f"},
		{"across an hour", "2040-03-01T10:59:59.999Z", "2040-03-01T11:00:00.000Z", "gh"},
		{"ends with an hour", "2040-03-01T10:01:00.000Z", "2040-03-01T10:59:59.999Z", "fg"},
		{"an hour from mid minute to mid minute", "2040-03-01T10:00:30.500Z", "2040-03-01T11:00:30.500Z", "bcdefgh"},
		{"ends with the day", "2040-03-01T23:00:00.000Z", "2040-03-01T23:59:59.999Z", "i"},
		{"across midnight", "2040-03-01T23:59:30.000Z", "2040-03-02T00:00:00.001Z", "ijk"},
		{"begins at midnight", "2040-03-02T00:00:00.000Z", "2040-03-02T00:00:00.000Z", "j"},
		{"begins after midnight", "2040-03-02T00:00:00.002Z", "2040-03-02T00:00:59.999Z", "jk"},
		{"across a quiet day", "2040-03-02T00:00:00.001Z", "2040-03-03T05:00:00.000Z", "jkl"},
		{"quiet hours", "2040-03-01T12:00:00.000Z", "2040-03-01T22:59:59.999Z", ""},
		{"before everything", "2040-02-28T00:00:00.000Z", "2040-03-01T09:59:59.998Z", ""},
		{"after everything", "2040-03-03T05:01:00.000Z", "2040-03-04T00:00:00.000Z", ""},
	} {
		got := b.touched(t, at, windowOf(t, row.from, row.to), replay.Cursor{}, names)
		if got != row.want {
			t.Errorf("%s: %s to %s yields %q, want %q", row.name, row.from, row.to, got, row.want)
		}
	}
}

func everyCursor(t *testing.T, b *bench) {
	at := b.scope()
	keys, names := b.laid(t, at)
	w := windowOf(t, "2040-03-01T00:00:00Z", "2040-03-04T00:00:00Z")
	const all = "abcdefghijkl"
	for i := range all {
		for _, line := range []int{0, 1, 1 << 20} { // a chunk that is all behind the cursor is yielded, too
			got := b.touched(t, at, w, replay.Cursor{Chunk: keys[all[i:i+1]], Line: line}, names)
			if got != all[i:] {
				t.Errorf("from the cursor in %s, line %d: %q, want %q", all[i:i+1], line, got, all[i:])
			}
		}
	}
}

func aCursorOutsideTheWindow(t *testing.T, b *bench) {
	at := b.scope()
	keys, names := b.laid(t, at)
	w := windowOf(t, "2040-03-01T10:01:10Z", "2040-03-01T11:00:00Z") // f, g, h
	between := chunkAt(moment(t, "2040-03-01T10:30:00Z"), 77, 1).Key
	for _, row := range []struct{ name, key, want string }{
		{"before the window", keys["b"], "fgh"},
		{"between two chunks, its own no longer there", between, "gh"},
		{"between two of one instant", keys["f"] + "0", "gh"},
		{"in the last", keys["h"], "h"},
		{"just after the last", keys["h"] + "0", ""},
		{"after the window", keys["j"], ""},
	} {
		got := b.touched(t, at, w, replay.Cursor{Chunk: row.key, Line: 2}, names)
		if got != row.want {
			t.Errorf("a cursor %s: %q, want %q", row.name, got, row.want)
		}
	}
}

func chunksThatCameLate(t *testing.T, b *bench) {
	at := b.scope()
	keys, names := b.laid(t, at)
	late := chunkAt(moment(t, "2040-03-01T10:00:45Z"), 50, 50)
	b.keep(t, at, late)
	names[late.Key] = "+"
	w := windowOf(t, "2040-03-01T10:00:00Z", "2040-03-01T10:01:00Z")
	for from, want := range map[string]string{"b": "bcd+ef", "d": "d+ef", "e": "ef"} {
		got := b.touched(t, at, w, replay.Cursor{Chunk: keys[from]}, names)
		if got != want {
			t.Errorf("from the cursor in %s: %q, want %q", from, got, want)
		}
	}
}
