-- no-transaction
-- Linking flows, their tokens, issues, the audit log. Linked accounts belong to customers, may be unlinked, and may
-- share a tenant: the table is made anew for that, as SQLite wants it, with its rows under their old keys.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TABLE new_linked_accounts (
    no              INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    tenant          TEXT NOT NULL,
    origin          TEXT NOT NULL,
    api_key         BLOB NOT NULL,                 -- sealed, see vault.rs; empty once unlinked
    settings        TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('linked', 'relink_needed', 'unlinked')),
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    change_seq      INTEGER NOT NULL DEFAULT 0,
    told_until      TEXT,
    customer_id     TEXT,
    organization    TEXT
);

-- The views name the table that goes; they find the one that takes its name.
PRAGMA legacy_alter_table = ON;
INSERT INTO new_linked_accounts
    (no, id, tenant, origin, api_key, settings, status, created_at, updated_at, change_seq, told_until)
SELECT no, id, tenant, origin, api_key, settings, status, created_at, updated_at, change_seq, told_until
FROM linked_accounts;
DROP TABLE linked_accounts;
ALTER TABLE new_linked_accounts RENAME TO linked_accounts;
PRAGMA legacy_alter_table = OFF;
CREATE INDEX linked_accounts_by_tenant ON linked_accounts (tenant);
CREATE INDEX linked_accounts_by_customer ON linked_accounts (customer_id);

CREATE TABLE IF NOT EXISTS link_flows (
    id              TEXT PRIMARY KEY,              -- flow_…
    customer_id     TEXT NOT NULL,
    organization    TEXT,
    email           TEXT,
    features        TEXT NOT NULL,                 -- JSON: names
    language        TEXT,
    allowed_origin  TEXT,
    return_url      TEXT,
    account_id      TEXT,                          -- to be relinked, or linked
    status          TEXT NOT NULL CHECK (status IN ('open', 'finished', 'cancelled')),
    state           TEXT NOT NULL,                 -- JSON of whoever shows the flow
    api_key         BLOB,                          -- sealed; only while the flow is open
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    finished_at     TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_flows_with_key ON link_flows (id) WHERE api_key IS NOT NULL;

CREATE TABLE IF NOT EXISTS link_tokens (
    hash            BLOB PRIMARY KEY,              -- SHA-256 of the token
    flow_id         TEXT NOT NULL REFERENCES link_flows (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL CHECK (kind IN ('embedded', 'mailed', 'handed_over')),
    expires_at      TEXT NOT NULL,
    created_at      TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_tokens_of_flow ON link_tokens (flow_id);

CREATE TABLE IF NOT EXISTS public_tokens (
    hash            BLOB PRIMARY KEY,              -- SHA-256 of the token
    flow_id         TEXT NOT NULL UNIQUE REFERENCES link_flows (id) ON DELETE CASCADE,
    expires_at      TEXT NOT NULL,
    exchanged_at    TEXT
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS issues (
    id              TEXT PRIMARY KEY,              -- iss_…
    account_no      INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    code            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    detail          TEXT NOT NULL,                 -- JSON: codes and counts
    opened_at       TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    resolved_at     TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS open_issues ON issues (account_no, code, subject) WHERE resolved_at IS NULL;

CREATE TABLE IF NOT EXISTS audit_log (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    at              TEXT NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    account_id      TEXT,
    flow_id         TEXT,
    detail          TEXT NOT NULL                  -- JSON: codes and counts
);
CREATE INDEX IF NOT EXISTS audit_log_of_account ON audit_log (account_id, seq);

COMMIT;
PRAGMA foreign_keys = ON;
