-- Linking flows, their tokens, issues, the audit log. Linked accounts belong to customers, may be unlinked, and may
-- share a tenant. The same tables as SQLite's third migration makes.

ALTER TABLE linked_accounts DROP CONSTRAINT linked_accounts_tenant_key;
ALTER TABLE linked_accounts DROP CONSTRAINT linked_accounts_status_check;
ALTER TABLE linked_accounts
    ADD CONSTRAINT linked_accounts_status_check CHECK (status IN ('linked', 'relink_needed', 'unlinked'));
ALTER TABLE linked_accounts ADD COLUMN customer_id TEXT;
ALTER TABLE linked_accounts ADD COLUMN organization TEXT;
CREATE INDEX linked_accounts_by_tenant ON linked_accounts (tenant);
CREATE INDEX linked_accounts_by_customer ON linked_accounts (customer_id);

CREATE TABLE link_flows (
    id              TEXT COLLATE "C" PRIMARY KEY,
    customer_id     TEXT NOT NULL,
    organization    TEXT,
    email           TEXT,
    features        TEXT NOT NULL,
    language        TEXT,
    allowed_origin  TEXT,
    return_url      TEXT,
    account_id      TEXT,
    status          TEXT NOT NULL CHECK (status IN ('open', 'finished', 'cancelled')),
    state           TEXT NOT NULL,
    api_key         BYTEA,
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ
);
CREATE INDEX link_flows_with_key ON link_flows (id) WHERE api_key IS NOT NULL;

CREATE TABLE link_tokens (
    hash            BYTEA PRIMARY KEY,
    flow_id         TEXT COLLATE "C" NOT NULL REFERENCES link_flows (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL CHECK (kind IN ('embedded', 'mailed', 'handed_over')),
    expires_at      TIMESTAMPTZ NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX link_tokens_of_flow ON link_tokens (flow_id);

CREATE TABLE public_tokens (
    hash            BYTEA PRIMARY KEY,
    flow_id         TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES link_flows (id) ON DELETE CASCADE,
    expires_at      TIMESTAMPTZ NOT NULL,
    exchanged_at    TIMESTAMPTZ
);

CREATE TABLE issues (
    id              TEXT COLLATE "C" PRIMARY KEY,
    account_no      BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    code            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    opened_at       TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    resolved_at     TIMESTAMPTZ
);
CREATE UNIQUE INDEX open_issues ON issues (account_no, code, subject) WHERE resolved_at IS NULL;

CREATE TABLE audit_log (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              TIMESTAMPTZ NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    account_id      TEXT,
    flow_id         TEXT,
    detail          TEXT NOT NULL
);
CREATE INDEX audit_log_of_account ON audit_log (account_id, seq);
