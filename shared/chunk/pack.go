package chunk

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// Pack sorts entries by time, cuts at minutes and at Size, signs each line, compresses. Body is the hash of the decoded
// request body they came in. It gives the hours' counts, too, in order. The same entries of the same body always give the
// same keys and the same cuts, whatever the signing key.
func Pack(body [32]byte, entries []auditlog.Entry, key auditlog.Key) ([]Chunk, []replay.Count, error) {
	if len(key.Private) != ed25519.PrivateKeySize {
		return nil, nil, fmt.Errorf("pack entries: key %q cannot sign", key.ID)
	}
	for i, e := range entries {
		if err := packable(e); err != nil {
			return nil, nil, fmt.Errorf("pack entry %d: %w", i, err)
		}
	}
	// Stable, so that equal times keep the body's order and the same body is cut the same way again.
	rest := slices.Clone(entries)
	slices.SortStableFunc(rest, func(a, b auditlog.Entry) int { return cmp.Compare(a.At.UnixMilli(), b.At.UnixMilli()) })
	counts := count(rest)
	var chunks []Chunk
	var z compressor
	var lines, deflate []byte
	for len(rest) > 0 {
		n := fitting(rest)
		lines = lines[:0]
		for _, e := range rest[:n] {
			lines = append(key.Sign(lines, e), '\n')
		}
		var err error
		if deflate, err = z.append(deflate[:0], lines); err != nil {
			return nil, nil, fmt.Errorf("pack entries: %w", err)
		}
		first, last := rest[0].At.UnixMilli(), rest[n-1].At.UnixMilli()
		chunks = append(chunks, Chunk{
			Key:     chunkKey(first, body, len(chunks)),
			First:   time.UnixMilli(first).UTC(),
			Last:    time.UnixMilli(last).UTC(),
			Entries: n,
			Bytes:   len(lines),
			CRC:     crc32.ChecksumIEEE(lines),
			Deflate: slices.Clone(deflate),
		}.Sealed())
		rest = rest[n:]
	}
	return chunks, counts, nil
}

// packable says why e could not be stored or found again, if so. Parse refuses all of these long before.
func packable(e auditlog.Entry) error {
	switch milli := e.At.UnixMilli(); {
	case milli < 0 || milli >= endMilli:
		return fmt.Errorf("its time %s has no 13 digits of milliseconds", e.At)
	case bytes.IndexByte(e.Raw, '\n') >= 0:
		return fmt.Errorf("it is not one line")
	case lineSize(e) > Size:
		return fmt.Errorf("its line has %d bytes, more than a chunk's %d", lineSize(e), Size)
	}
	return nil
}

// lineSize is what e takes in a chunk. It does not depend on the key, so neither do the cuts.
func lineSize(e auditlog.Entry) int { return len(e.Raw) + auditlog.SignatureSize + 1 }

// fitting is how many of the sorted entries make the next chunk: those of the first one's minute, up to Size.
func fitting(sorted []auditlog.Entry) int {
	minute, size := sorted[0].At.UnixMilli()/minuteMilli, 0
	for i, e := range sorted {
		size += lineSize(e)
		if size > Size || e.At.UnixMilli()/minuteMilli != minute {
			return i
		}
	}
	return len(sorted)
}

// count is what the hours of the sorted entries hold.
func count(sorted []auditlog.Entry) []replay.Count {
	var counts []replay.Count
	for _, e := range sorted {
		hour := time.UnixMilli(e.At.UnixMilli()).UTC().Truncate(time.Hour)
		if len(counts) == 0 || !counts[len(counts)-1].Hour.Equal(hour) {
			counts = append(counts, replay.Count{Hour: hour})
		}
		c := &counts[len(counts)-1]
		c.Entries++
		c.Bytes += int64(lineSize(e))
	}
	return counts
}

// chunkKey names the chunk at a place among those of a body.
func chunkKey(first int64, body [32]byte, place int) string {
	return fmt.Sprintf("%s-%x%08x", keyTime(first), body[:12], place)
}
