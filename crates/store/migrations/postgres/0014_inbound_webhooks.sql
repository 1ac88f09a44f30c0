-- What a customer's Lucca tells us of by itself: where it sends that for each account, and what was told and not read yet.
-- The same tables as SQLite's fourteenth migration makes.

CREATE TABLE inbound_webhooks (
    id              TEXT COLLATE "C" PRIMARY KEY,
    account_no      BIGINT NOT NULL UNIQUE REFERENCES linked_accounts (no) ON DELETE CASCADE,
    key_hash        BYTEA NOT NULL,
    previous_key_hash BYTEA,
    previous_key_until_ms BIGINT,
    signing_secret  BYTEA,
    previous_signing_secret BYTEA,
    previous_signing_until_ms BIGINT,
    received        BIGINT NOT NULL DEFAULT 0,
    passed_over     BIGINT NOT NULL DEFAULT 0,
    malformed       BIGINT NOT NULL DEFAULT 0,
    last_received_ms BIGINT,
    last_malformed_ms BIGINT,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE inbound_notices (
    no              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_no      BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    event           TEXT NOT NULL CHECK (event IN ('created', 'changed', 'deleted')),
    leave_id        TEXT,
    owner_id        TEXT,
    first_day       TEXT,
    last_day        TEXT,
    noted_ms        BIGINT NOT NULL,
    not_before_ms   BIGINT NOT NULL,
    run_id          TEXT
);

CREATE INDEX inbound_notices_of_account ON inbound_notices (account_no, not_before_ms);
