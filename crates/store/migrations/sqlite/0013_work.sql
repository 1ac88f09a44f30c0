-- What is due when, who works on it, and how many requests everybody together has sent to a tenant.

ALTER TABLE linked_accounts ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;      -- when its next sync is due
ALTER TABLE linked_accounts ADD COLUMN fresh_ms INTEGER;                        -- when the last run began that left nothing due
ALTER TABLE linked_accounts ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;    -- runs in a row that left something due
ALTER TABLE linked_accounts ADD COLUMN is_long BOOLEAN NOT NULL DEFAULT 1;     -- its next sync may take minutes
UPDATE linked_accounts SET due_ms = unixepoch() * 1000, is_long = false;
CREATE INDEX linked_accounts_due ON linked_accounts (due_ms) WHERE status = 'linked';

ALTER TABLE runs ADD COLUMN due_ms INTEGER;                                    -- when it was due

CREATE TABLE workers (
    name       TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    beat_ms    INTEGER NOT NULL              -- 0: it has ended
) WITHOUT ROWID;

CREATE TABLE leaders (
    role       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- The table requests_sent is no longer used; it goes when no running version writes to it any more.
CREATE TABLE request_budgets (
    tenant        TEXT PRIMARY KEY,          -- the origin
    sent          TEXT NOT NULL,             -- JSON: the milliseconds of the last minute's requests
    held_until_ms INTEGER NOT NULL
) WITHOUT ROWID;
