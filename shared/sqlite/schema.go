package sqlite

import "zombiezen.com/go/sqlite/sqlitemigration"

// appID marks a file as ours: "RPRS", in SQLite's application_id.
const appID = 0x52505253

// schema is every step that a file went through; its length is the version, kept in SQLite's user_version.
// A step that was released is never edited: a change is one more step. The first one makes nothing: what it made once was
// never released, and is refused (migrate).
func schema() sqlitemigration.Schema {
	return sqlitemigration.Schema{AppID: appID, Migrations: []string{
		"",
		tablesOfJobs + tablesOfEntries + tablesOfAccess + tablesOfQueue,
		goneWebhooks,
	}}
}

// Instants are integers, milliseconds since the epoch; 0 is the zero time.

// A row of outbox is a job as it was accepted; it stays a while after it was handled, because it is also what makes a
// repeated Accept change nothing.
const tablesOfJobs = `
CREATE TABLE jobs (
	org TEXT NOT NULL, region TEXT NOT NULL,
	job_id TEXT NOT NULL, status TEXT NOT NULL,
	from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, requested_by TEXT NOT NULL,
	batches INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
	failure_code TEXT NOT NULL, failure_detail TEXT NOT NULL, failure_response_code INTEGER NOT NULL,
	accepted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
	PRIMARY KEY (org, region)
) STRICT;
CREATE INDEX live_jobs ON jobs (org, region) WHERE status IN ('accepted', 'pending', 'running');

CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL UNIQUE,
	org TEXT NOT NULL, region TEXT NOT NULL,
	from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, requested_by TEXT NOT NULL,
	accepted_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
	handled_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX waiting_outbox ON outbox (id) WHERE handled_at = 0;

CREATE TABLE plans (
	job_id TEXT NOT NULL PRIMARY KEY, org TEXT NOT NULL, region TEXT NOT NULL,
	lanes INTEGER NOT NULL, entries INTEGER NOT NULL, slices TEXT NOT NULL, recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE slices (
	job_id TEXT NOT NULL, n INTEGER NOT NULL, org TEXT NOT NULL, region TEXT NOT NULL,
	done INTEGER NOT NULL, seq INTEGER NOT NULL, chunk TEXT NOT NULL, line INTEGER NOT NULL,
	starts INTEGER NOT NULL, attempts INTEGER NOT NULL, since INTEGER NOT NULL, due INTEGER NOT NULL,
	batch_limit INTEGER NOT NULL, generation INTEGER NOT NULL,
	batches INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, updated_at INTEGER NOT NULL,
	PRIMARY KEY (job_id, n)
) STRICT;
`

// The blob comes last, so that the columns before it are read without its overflow pages. A table WITHOUT ROWID is
// slower for large rows (DESIGN.md §4).
// The twin says the same as the primary key's index, in other pages: damage that hides a chunk from one of them does not
// hide it from both (page.verify).
const tablesOfEntries = `
CREATE TABLE entries (
	org TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL,
	first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
	entries INTEGER NOT NULL, bytes INTEGER NOT NULL, crc INTEGER NOT NULL, checksum INTEGER NOT NULL, deflate BLOB NOT NULL,
	PRIMARY KEY (org, region, key)
) STRICT;
CREATE INDEX entries_by_age ON entries (last_at);
CREATE INDEX entries_twin ON entries (org, region, key, checksum);

CREATE TABLE counts (
	org TEXT NOT NULL, region TEXT NOT NULL, hour INTEGER NOT NULL,
	entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
	PRIMARY KEY (org, region, hour)
) STRICT;
`

const tablesOfAccess = `
CREATE TABLE webhooks (
	org TEXT NOT NULL, region TEXT NOT NULL, version INTEGER NOT NULL,
	endpoint TEXT NOT NULL, authorization TEXT NOT NULL, enabled INTEGER NOT NULL, format TEXT NOT NULL,
	skip_verify INTEGER NOT NULL, updated_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL, last_code INTEGER NOT NULL, last_message TEXT NOT NULL, last_ok INTEGER NOT NULL,
	PRIMARY KEY (org, region)
) STRICT;

CREATE TABLE tokens (
	hash BLOB NOT NULL PRIMARY KEY, org TEXT NOT NULL, label TEXT NOT NULL, role TEXT NOT NULL,
	made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_org ON tokens (org);

CREATE TABLE keys (
	id INTEGER PRIMARY KEY AUTOINCREMENT, kid TEXT NOT NULL UNIQUE,
	public BLOB NOT NULL, private BLOB NOT NULL, made_at INTEGER NOT NULL
) STRICT;
`

// A webhook that a 410 turned off before there was this column counts as one that somebody disabled.
const goneWebhooks = `ALTER TABLE webhooks ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;`

const tablesOfQueue = `
CREATE TABLE messages (
	id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, grp TEXT NOT NULL,
	org TEXT NOT NULL, region TEXT NOT NULL, job_id TEXT NOT NULL, body BLOB NOT NULL,
	visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0, receipt TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX messages_by_group ON messages (queue, grp, id);

CREATE TABLE deduplication (
	queue TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (queue, id)
) STRICT, WITHOUT ROWID;
`
