package sqlite

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// A file of the first schema has chunks without checksums, one of them damaged since.
func TestAFileOfAnEarlierSchemaKeepsItsEntriesButVouchesForNoDamage(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "reprise.db"), time.Date(2025, 6, 18, 12, 0, 0, 0, time.UTC)
	key, err := auditlog.NewKey(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	chunks, _, err := chunk.Pack(sha256.Sum256(nil), []auditlog.Entry{
		{At: now, Raw: []byte(`{"rt":1750248000000}`)}, {At: now.Add(time.Minute), Raw: []byte(`{"rt":1750248060000}`)},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	first := sqlitemigration.Schema{AppID: appID, Migrations: schema().Migrations[:1]}
	if err := sqlitemigration.Migrate(t.Context(), conn, first); err != nil {
		t.Fatal(err)
	}
	for i, c := range chunks {
		stored := bytes.Clone(c.Deflate)
		stored[len(stored)/2] ^= byte(i) // the second
		if _, err := exec(conn, `INSERT INTO entries VALUES ('acme', 'eu', :key, :first, :last, :entries, :bytes, :crc, :deflate)`, args{
			":key": c.Key, ":first": millis(c.First), ":last": millis(c.Last), ":entries": c.Entries, ":bytes": c.Bytes,
			":crc": int64(c.CRC), ":deflate": stored,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}

	s, err := Open(path, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i, c := range chunks {
		window := replay.Window{From: c.First, To: c.Last}
		kept := s.Chunks(t.Context(), replay.Scope{Org: "acme", Region: "eu"}, window, replay.Cursor{})
		var damage *chunk.Damage
		lines := int64(0)
		for b, err := range chunk.Batches("job", window, replay.Cursor{}, replay.BatchLimit, kept) {
			lines += b.Tally.Entries
			errors.As(err, &damage)
		}
		if i == 0 && (lines != 1 || damage != nil) || i == 1 && (lines != 0 || damage == nil) {
			t.Errorf("chunk %d: %d lines, then %v", i, lines, damage)
		}
	}
}
