package dynamo

import (
	"crypto/ed25519"
	"crypto/sha256"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// samples is an item of each kind.
func samples(at time.Time) map[string]item {
	job := someJob(1)
	w := replay.Window{From: at.Add(-time.Hour), To: at}
	slice := replay.Slice{Fence: job.Fence, N: 1, Lane: 1, Window: w}
	first := slice
	first.N, first.Lane = 0, 0
	c := chunk.Chunk{Key: "2223668556889-000000000000000000000001", First: at, Last: at, Entries: 3, Bytes: 900, CRC: 1<<32 - 1, Checksum: 7, Deflate: []byte{1, 2, 3}}
	hook := webhook.Config{
		Scope: job.Scope, Version: 2, Endpoint: "https://siem.example", Authorization: "Bearer x", Enabled: true, Format: auditlog.JSON,
		UpdatedAt: at, Last: webhook.Attempt{At: at, Code: 200, Message: "200 OK", OK: true},
	}
	token := access.Token{Hash: sha256.Sum256(nil), Principal: access.Principal{Org: "acme", Label: "ops", Role: access.Admin}, Made: at, Expires: at, Revoked: at}
	key := keyItem(auditlog.Key{ID: "k1", Private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Made: at}, 3)
	p := replay.Progress{N: 1, Seq: 2, Cursor: replay.Cursor{Chunk: c.Key, Line: 3}, Starts: 1, Due: at, Since: at, Tally: replay.Tally{Batches: 1, Entries: 1 << 54, Bytes: 1 << 60}}
	return map[string]item{
		"job":     jobItem(job),
		"plan":    planItem(replay.Plan{Fence: job.Fence, Lanes: 2, Recorded: at, Entries: 7, Slices: []replay.Slice{first, slice}}),
		"slice":   sliceItem(slice, p, at, "me"),
		"chunk":   chunkItem(job.Scope, c),
		"count":   {"scope": countsKey(job.Scope), "hour": hourOf(at), "schema": number(schema), "entries": number(3), "bytes": number(900), "expires_at": expiry(at)},
		"webhook": webhookItemOf(hook),
		"token":   tokenItem(token),
		"key":     key,
		"signing": keyItem(auditlog.Key{ID: "k1", Private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Made: at}, 3),
	}
}

func webhookItemOf(c webhook.Config) item { return webhookItem(c, "me") }
