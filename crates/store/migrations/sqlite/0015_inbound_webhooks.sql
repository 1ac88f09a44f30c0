-- What a customer's Lucca tells us of by itself: where it sends that for each account, and what was told and not read yet.
-- Times in `…_ms` are milliseconds since 1970, which are compared.

CREATE TABLE inbound_webhooks (
    id              TEXT PRIMARY KEY,        -- inw_…, a part of the address
    account_no      INTEGER NOT NULL UNIQUE REFERENCES linked_accounts (no) ON DELETE CASCADE,
    key_hash        BLOB NOT NULL,           -- SHA-256 of the key that the customer types into Lucca
    previous_key_hash BLOB,                  -- opens it too, until then
    previous_key_until_ms INTEGER,
    signing_secret  BLOB,                    -- sealed, see vault.rs; Lucca's own, for the kind that is signed
    previous_signing_secret BLOB,            -- sealed; holds too, until then
    previous_signing_until_ms INTEGER,
    received        INTEGER NOT NULL DEFAULT 0,
    passed_over     INTEGER NOT NULL DEFAULT 0, -- about something that is not read by them
    malformed       INTEGER NOT NULL DEFAULT 0, -- could not be understood
    last_received_ms INTEGER,
    last_malformed_ms INTEGER,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);

CREATE TABLE inbound_notices (
    no              INTEGER PRIMARY KEY,
    account_no      INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    event           TEXT NOT NULL CHECK (event IN ('created', 'changed', 'deleted')),
    leave_id        TEXT,                    -- the half-day, where it was named
    owner_id        TEXT,                    -- whose it is, where that was said
    first_day       TEXT,                    -- which days to read; null: whatever changed
    last_day        TEXT,
    noted_ms        INTEGER NOT NULL,
    not_before_ms   INTEGER NOT NULL,        -- when it may be read, after a reading that failed
    run_id          TEXT                     -- who is reading it
);

CREATE INDEX inbound_notices_of_account ON inbound_notices (account_no, not_before_ms);
