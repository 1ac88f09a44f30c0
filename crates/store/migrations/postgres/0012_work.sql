-- What is due when, who works on it, and how many requests everybody together has sent to a tenant.

ALTER TABLE linked_accounts ADD COLUMN due_ms BIGINT NOT NULL DEFAULT 0;      -- when its next sync is due
ALTER TABLE linked_accounts ADD COLUMN fresh_ms BIGINT;                        -- when the last run began that left nothing due
ALTER TABLE linked_accounts ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;    -- runs in a row that left something due
ALTER TABLE linked_accounts ADD COLUMN is_long BOOLEAN NOT NULL DEFAULT true;   -- its next sync may take minutes
UPDATE linked_accounts SET due_ms = (extract(epoch FROM now()) * 1000)::bigint, is_long = false;
CREATE INDEX linked_accounts_due ON linked_accounts (due_ms) WHERE status = 'linked';

ALTER TABLE runs ADD COLUMN due_ms BIGINT;                                    -- when it was due

CREATE TABLE workers (
    name       TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    beat_ms    BIGINT NOT NULL              -- 0: it has ended
);

CREATE TABLE leaders (
    role       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);

-- The table requests_sent is no longer used; it goes when no running version writes to it any more.
CREATE TABLE request_budgets (
    tenant        TEXT PRIMARY KEY,          -- the origin
    sent          BIGINT[] NOT NULL,         -- the milliseconds of the last minute's requests
    held_until_ms BIGINT NOT NULL
);
