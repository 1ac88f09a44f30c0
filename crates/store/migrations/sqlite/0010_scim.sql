-- Services that people are provisioned to by SCIM 2.0, and which resource there is whom. Times in `…_ms` are milliseconds
-- since 1970, which are compared.

CREATE TABLE scim_targets (
    id              TEXT PRIMARY KEY,        -- scim_…
    account_no      INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    base_url        TEXT NOT NULL,
    token           BLOB NOT NULL,           -- the bearer token, sealed, see vault.rs
    settings        TEXT NOT NULL,           -- JSON, which delivery reads and writes
    enabled         BOOLEAN NOT NULL DEFAULT true,
    pushed_seq      INTEGER NOT NULL DEFAULT -1, -- how far the change log was when all was last pushed
    pushed_day      TEXT,                    -- and which day it was
    confirmed       BOOLEAN NOT NULL DEFAULT false, -- a person agreed to what is held
    attempts        INTEGER NOT NULL DEFAULT 0, -- failed ones since the last success
    next_attempt_ms INTEGER NOT NULL DEFAULT 0,
    lease           TEXT,                    -- who pushes, so that nobody else does
    lease_until_ms  INTEGER NOT NULL DEFAULT 0,
    report          TEXT,                    -- JSON: how the last push went, codes and counts
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);

CREATE TABLE scim_links (
    target_id   TEXT NOT NULL REFERENCES scim_targets (id) ON DELETE CASCADE,
    resource    TEXT NOT NULL CHECK (resource IN ('user', 'group')),
    local_id    TEXT NOT NULL,               -- Lucca's id
    remote_id   TEXT NOT NULL,               -- the service's
    hash        BLOB NOT NULL,               -- of what the service was last told
    active      BOOLEAN NOT NULL,            -- as it was last told
    PRIMARY KEY (target_id, resource, local_id)
) WITHOUT ROWID;
