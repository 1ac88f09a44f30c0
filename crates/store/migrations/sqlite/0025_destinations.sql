-- Webhook endpoints and SCIM targets become one table: what records are delivered to. Times in `…_ms` are milliseconds
-- since 1970, which are compared. Credentials stay sealed for the columns that held them, see vault.rs.
-- contract: not used since 0.1.0, of which nothing was released before this migration.

CREATE TABLE destinations (
    id              TEXT PRIMARY KEY,        -- whe_… or scim_…
    kind            TEXT NOT NULL,
    account_no      INTEGER REFERENCES linked_accounts (no) ON DELETE CASCADE, -- null: all linked accounts
    address         TEXT NOT NULL,
    settings        TEXT NOT NULL,           -- JSON of the kind, which the crate delivery reads and writes
    credential      BLOB NOT NULL,           -- sealed
    previous_credential BLOB,                -- sealed; valid too, until then
    previous_until_ms INTEGER,
    enabled         BOOLEAN NOT NULL DEFAULT true,
    disabled_reason TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0, -- failed ones since the last success
    failing_since_ms INTEGER,
    next_attempt_ms INTEGER NOT NULL DEFAULT 0,
    lease           TEXT,                    -- the worker that delivers, one at a time
    lease_until_ms  INTEGER NOT NULL DEFAULT 0,
    pushed_seq      INTEGER,                 -- number of the last change at the last complete push; null for webhooks
    pushed_day      TEXT,                    -- the day of that push
    confirmed       BOOLEAN NOT NULL DEFAULT false, -- a person confirmed what is held
    report          TEXT,                    -- JSON of the last push: codes and counts
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);

INSERT INTO destinations (id, kind, account_no, address, settings, credential, previous_credential, previous_until_ms,
    enabled, disabled_reason, attempts, failing_since_ms, next_attempt_ms, lease, lease_until_ms, created_at, updated_at)
SELECT id, 'webhook', account_no, url,
    json_object('event_types', json(types), 'payload', payload, 'description', description),
    secret, previous_secret, previous_until_ms, enabled, disabled_reason, attempts, failing_since_ms, next_attempt_ms,
    lease, lease_until_ms, created_at, updated_at
FROM webhook_endpoints;

INSERT INTO destinations (id, kind, account_no, address, settings, credential, enabled, disabled_reason, attempts,
    next_attempt_ms, lease, lease_until_ms, pushed_seq, pushed_day, confirmed, report, created_at, updated_at)
SELECT id, 'scim', account_no, base_url, settings, token, enabled, CASE WHEN NOT enabled THEN 'asked' END, attempts,
    next_attempt_ms, lease, lease_until_ms, pushed_seq, pushed_day, confirmed, report, created_at, updated_at
FROM scim_targets;

ALTER TABLE webhook_cursors RENAME TO webhook_cursors_before;
CREATE TABLE webhook_cursors (
    endpoint_id TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    log         TEXT NOT NULL CHECK (log IN ('changes', 'events')),
    seq         INTEGER NOT NULL,            -- the last entry that needs no delivery any more
    slot        INTEGER NOT NULL,            -- which of an entry's events
    PRIMARY KEY (endpoint_id, account_no, log)
) WITHOUT ROWID;
INSERT INTO webhook_cursors SELECT * FROM webhook_cursors_before;
DROP TABLE webhook_cursors_before;

ALTER TABLE webhook_deliveries RENAME TO webhook_deliveries_before;
CREATE TABLE webhook_deliveries (
    endpoint_id TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    webhook_id  TEXT NOT NULL,
    type        TEXT NOT NULL,
    account_no  INTEGER,
    log         TEXT,
    seq         INTEGER,
    delivered   BOOLEAN NOT NULL,            -- whether the last attempt succeeded
    attempts    INTEGER NOT NULL,
    response    INTEGER,                     -- the HTTP status, where there was an answer
    error       TEXT,                        -- a code
    took_ms     INTEGER NOT NULL,
    first_ms    INTEGER NOT NULL,
    last_ms     INTEGER NOT NULL,
    PRIMARY KEY (endpoint_id, webhook_id)
) WITHOUT ROWID;
INSERT INTO webhook_deliveries SELECT * FROM webhook_deliveries_before;
DROP TABLE webhook_deliveries_before;

CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (endpoint_id, last_ms);

ALTER TABLE scim_links RENAME TO scim_links_before;
CREATE TABLE scim_links (
    target_id   TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    resource    TEXT NOT NULL CHECK (resource IN ('user', 'group')),
    local_id    TEXT NOT NULL,               -- Lucca's id
    remote_id   TEXT NOT NULL,               -- the service's
    hash        BLOB NOT NULL,               -- of what was last pushed
    active      BOOLEAN NOT NULL,            -- as last pushed
    PRIMARY KEY (target_id, resource, local_id)
) WITHOUT ROWID;
INSERT INTO scim_links SELECT * FROM scim_links_before;
DROP TABLE scim_links_before;

DROP TABLE webhook_endpoints;
DROP TABLE scim_targets;
