package simtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// pageChunks is how many chunks are read at a time: few, so that even a small slice is several reads and what is stored
// meanwhile lies before, in and behind the page at hand.
const pageChunks = 4

// KeepChunks stores the chunks that are not there; see intake.Archive.
func (s *Store) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	return s.write(ctx, "KeepChunks", func(t *Tables, _ mark) error {
		for _, c := range chunks {
			i, found := t.chunkAt(at, c.Key)
			if found {
				continue
			}
			c.First, c.Last, c.Deflate = stamp(c.First), stamp(c.Last), slices.Clone(c.Deflate)
			t.chunks[at] = slices.Insert(t.chunks[at], i, c)
		}
		return nil
	})
}

// chunkAt is the place of the first chunk from key on, and whether its key is that one.
func (t *Tables) chunkAt(at replay.Scope, key string) (i int, found bool) {
	return slices.BinarySearchFunc(t.chunks[at], key, func(c chunk.Chunk, key string) int { return strings.Compare(c.Key, key) })
}

// Chunks yields the chunks of the window from the cursor's on; see deliver.Archive. Each page is what lies there when
// the caller has come to it: a chunk that is stored meanwhile is yielded if its place is still ahead. A chunk's Deflate is
// spoilt as soon as the next is asked for.
func (s *Store) Chunks(ctx context.Context, at replay.Scope, w replay.Window, cursor replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	first, until := chunk.Range(w)
	return func(yield func(chunk.Chunk, error) bool) {
		start, had, buffer := max(first, cursor.Chunk), "", []byte(nil)
		for {
			page, err := s.chunkPage(ctx, at, start, had, until)
			if err != nil {
				yield(chunk.Chunk{}, err)
				return
			}
			for _, c := range page {
				buffer = append(buffer[:0], c.Deflate...)
				c.Deflate = buffer[:len(buffer):len(buffer)]
				more := yield(c, nil)
				for i := range buffer {
					buffer[i] = 0xff // no DEFLATE begins so: its block type is the one that is none
				}
				if !more {
					return
				}
			}
			if len(page) < pageChunks {
				return
			}
			had = page[len(page)-1].Key
			start = had
		}
	}
}

// chunkPage is the next chunks from start on, the one that was had left out.
func (s *Store) chunkPage(ctx context.Context, at replay.Scope, start, had, until string) ([]chunk.Chunk, error) {
	if s.page != nil {
		if err := s.page(ctx); err != nil {
			return nil, fmt.Errorf("Chunks: %w", err)
		}
	}
	return read(ctx, s, "Chunks", func(t *Tables) (page []chunk.Chunk, _ error) {
		i, _ := t.chunkAt(at, start)
		for _, c := range t.chunks[at][i:] {
			if c.Key >= until || len(page) == pageChunks {
				break
			}
			if c.Key != had {
				page = append(page, c)
			}
		}
		return page, nil
	})
}

// AddCounts adds to the hours' counts; see intake.Counts. A retry adds again: the hint may be too high.
func (s *Store) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	return s.write(ctx, "AddCounts", func(t *Tables, _ mark) error {
		if t.counts[at] == nil {
			t.counts[at] = make(map[time.Time]replay.Count)
		}
		for _, c := range counts {
			hour := stamp(c.Hour)
			old := t.counts[at][hour]
			t.counts[at][hour] = replay.Count{Hour: hour, Entries: old.Entries + c.Entries, Bytes: old.Bytes + c.Bytes}
		}
		return nil
	})
}

// CountsIn is the count of every hour that touches the window; see fanout.Counts.
func (s *Store) CountsIn(ctx context.Context, at replay.Scope, w replay.Window) ([]replay.Count, error) {
	return read(ctx, s, "CountsIn", func(t *Tables) (counts []replay.Count, _ error) {
		first := w.From.Truncate(time.Hour)
		for _, c := range t.counts[at] {
			if !c.Hour.Before(first) && !c.Hour.After(w.To) {
				counts = append(counts, c)
			}
		}
		slices.SortFunc(counts, func(a, b replay.Count) int { return a.Hour.Compare(b.Hour) })
		return counts, nil
	})
}
