-- Webhook endpoints and SCIM targets become one table. The same as SQLite's twenty-fifth migration makes.
-- contract: not used since 0.1.0, of which nothing was released before this migration.

CREATE TABLE destinations (
    id              TEXT COLLATE "C" PRIMARY KEY,        -- whe_… or scim_…
    kind            TEXT NOT NULL,
    account_no      BIGINT REFERENCES linked_accounts (no) ON DELETE CASCADE, -- null: all linked accounts
    address         TEXT NOT NULL,
    settings        TEXT NOT NULL,           -- JSON of the kind, which the crate delivery reads and writes
    credential      BYTEA NOT NULL,           -- sealed
    previous_credential BYTEA,                -- sealed; valid too, until then
    previous_until_ms BIGINT,
    enabled         BOOLEAN NOT NULL DEFAULT true,
    disabled_reason TEXT,
    attempts        BIGINT NOT NULL DEFAULT 0, -- failed ones since the last success
    failing_since_ms BIGINT,
    next_attempt_ms BIGINT NOT NULL DEFAULT 0,
    lease           TEXT,                    -- the worker that delivers, one at a time
    lease_until_ms  BIGINT NOT NULL DEFAULT 0,
    pushed_seq      BIGINT,                 -- number of the last change at the last complete push; null for webhooks
    pushed_day      TEXT,                    -- the day of that push
    confirmed       BOOLEAN NOT NULL DEFAULT false, -- a person confirmed what is held
    report          TEXT,                    -- JSON of the last push: codes and counts
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);

INSERT INTO destinations (id, kind, account_no, address, settings, credential, previous_credential, previous_until_ms,
    enabled, disabled_reason, attempts, failing_since_ms, next_attempt_ms, lease, lease_until_ms, created_at, updated_at)
SELECT id, 'webhook', account_no, url,
    json_build_object('event_types', types::json, 'payload', payload, 'description', description)::text,
    secret, previous_secret, previous_until_ms, enabled, disabled_reason, attempts, failing_since_ms, next_attempt_ms,
    lease, lease_until_ms, created_at, updated_at
FROM webhook_endpoints;

INSERT INTO destinations (id, kind, account_no, address, settings, credential, enabled, disabled_reason, attempts,
    next_attempt_ms, lease, lease_until_ms, pushed_seq, pushed_day, confirmed, report, created_at, updated_at)
SELECT id, 'scim', account_no, base_url, settings, token, enabled, CASE WHEN NOT enabled THEN 'asked' END, attempts,
    next_attempt_ms, lease, lease_until_ms, pushed_seq, pushed_day, confirmed, report, created_at, updated_at
FROM scim_targets;

ALTER TABLE webhook_cursors DROP CONSTRAINT webhook_cursors_endpoint_id_fkey;
ALTER TABLE webhook_cursors ADD FOREIGN KEY (endpoint_id) REFERENCES destinations (id) ON DELETE CASCADE;
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_endpoint_id_fkey;
ALTER TABLE webhook_deliveries ADD FOREIGN KEY (endpoint_id) REFERENCES destinations (id) ON DELETE CASCADE;
ALTER TABLE scim_links DROP CONSTRAINT scim_links_target_id_fkey;
ALTER TABLE scim_links ADD FOREIGN KEY (target_id) REFERENCES destinations (id) ON DELETE CASCADE;

DROP TABLE webhook_endpoints;
DROP TABLE scim_targets;
