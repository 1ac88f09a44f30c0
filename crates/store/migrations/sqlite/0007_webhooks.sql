-- What happens to linked accounts beside their records, and the webhooks that tell of both. Times in `…_ms` are
-- milliseconds since 1970, which are compared.

-- The number of the last event of an account: a sequence of its own, beside that of the change log.
ALTER TABLE linked_accounts ADD COLUMN event_seq INTEGER NOT NULL DEFAULT 0;

CREATE TABLE account_events (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,            -- from 1, without gaps
    type        TEXT NOT NULL,               -- such as sync.completed
    detail      TEXT NOT NULL,               -- JSON: ids of ours, codes and counts
    at          TEXT NOT NULL,
    PRIMARY KEY (account_no, seq)
) WITHOUT ROWID;

CREATE TABLE webhook_endpoints (
    id              TEXT PRIMARY KEY,        -- whe_…
    url             TEXT NOT NULL,
    account_no      INTEGER REFERENCES linked_accounts (no) ON DELETE CASCADE, -- null: all linked accounts
    types           TEXT NOT NULL,           -- JSON list; empty: every type
    payload         TEXT NOT NULL CHECK (payload IN ('thin', 'full')),
    description     TEXT,
    secret          BLOB NOT NULL,           -- sealed, see vault.rs
    previous_secret BLOB,                    -- sealed; signed with too, until then
    previous_until_ms INTEGER,
    enabled         BOOLEAN NOT NULL DEFAULT true,
    disabled_reason TEXT CHECK (disabled_reason IN ('asked', 'gone', 'failing')),
    attempts        INTEGER NOT NULL DEFAULT 0, -- failed ones since the last success
    failing_since_ms INTEGER,
    next_attempt_ms INTEGER NOT NULL DEFAULT 0,
    lease           TEXT,                    -- who delivers, so that one event is under way at a time
    lease_until_ms  INTEGER NOT NULL DEFAULT 0,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);

-- How far an endpoint has been told each log of each account: the last event that needs no telling any more.
CREATE TABLE webhook_cursors (
    endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    log         TEXT NOT NULL CHECK (log IN ('changes', 'events')),
    seq         INTEGER NOT NULL,
    slot        INTEGER NOT NULL,            -- which of an entry's events
    PRIMARY KEY (endpoint_id, account_no, log)
) WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    webhook_id  TEXT NOT NULL,
    type        TEXT NOT NULL,
    account_no  INTEGER,
    log         TEXT,
    seq         INTEGER,
    delivered   BOOLEAN NOT NULL,            -- how the last attempt went
    attempts    INTEGER NOT NULL,
    response    INTEGER,                     -- the HTTP status, where there was an answer
    error       TEXT,                        -- a code
    took_ms     INTEGER NOT NULL,
    first_ms    INTEGER NOT NULL,
    last_ms     INTEGER NOT NULL,
    PRIMARY KEY (endpoint_id, webhook_id)
) WITHOUT ROWID;
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (endpoint_id, last_ms);
