-- What happens to linked accounts beside their records, and the webhooks that tell of both. The same tables as
-- SQLite's seventh migration makes.

ALTER TABLE linked_accounts ADD COLUMN event_seq BIGINT NOT NULL DEFAULT 0;

CREATE TABLE account_events (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    seq         BIGINT NOT NULL,
    type        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, seq)
);

CREATE TABLE webhook_endpoints (
    id              TEXT COLLATE "C" PRIMARY KEY,
    url             TEXT NOT NULL,
    account_no      BIGINT REFERENCES linked_accounts (no) ON DELETE CASCADE,
    types           TEXT NOT NULL,
    payload         TEXT NOT NULL CHECK (payload IN ('thin', 'full')),
    description     TEXT,
    secret          BYTEA NOT NULL,
    previous_secret BYTEA,
    previous_until_ms BIGINT,
    enabled         BOOLEAN NOT NULL DEFAULT true,
    disabled_reason TEXT CHECK (disabled_reason IN ('asked', 'gone', 'failing')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    failing_since_ms BIGINT,
    next_attempt_ms BIGINT NOT NULL DEFAULT 0,
    lease           TEXT,
    lease_until_ms  BIGINT NOT NULL DEFAULT 0,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE webhook_cursors (
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    log         TEXT COLLATE "C" NOT NULL CHECK (log IN ('changes', 'events')),
    seq         BIGINT NOT NULL,
    slot        BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, account_no, log)
);

CREATE TABLE webhook_deliveries (
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    webhook_id  TEXT COLLATE "C" NOT NULL,
    type        TEXT NOT NULL,
    account_no  BIGINT,
    log         TEXT,
    seq         BIGINT,
    delivered   BOOLEAN NOT NULL,
    attempts    BIGINT NOT NULL,
    response    BIGINT,
    error       TEXT,
    took_ms     BIGINT NOT NULL,
    first_ms    BIGINT NOT NULL,
    last_ms     BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, webhook_id)
);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (endpoint_id, last_ms);
