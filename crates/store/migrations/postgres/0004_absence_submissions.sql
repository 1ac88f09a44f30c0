-- Absence requests made through the connector, on their way to Lucca and after; what a key was proven able to do.
-- The same tables as SQLite's fifth migration makes.

CREATE TABLE submissions (
    id              TEXT COLLATE "C" PRIMARY KEY,
    account_no      BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    employee_id     TEXT COLLATE "C" NOT NULL,
    ask             TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN
                    ('queued', 'sending', 'in_doubt', 'made', 'refused', 'not_made')),
    detail          TEXT NOT NULL,
    request_id      TEXT COLLATE "C",
    absence_id      TEXT COLLATE "C",
    request         TEXT,
    absence         TEXT,
    version         BIGINT NOT NULL,
    sent_at         TIMESTAMPTZ,
    due_at          TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    UNIQUE (account_no, idempotency_key)
);
CREATE INDEX submissions_due ON submissions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX submissions_of_account ON submissions (account_no, id);

CREATE TABLE capabilities (
    account_no      BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    name            TEXT COLLATE "C" NOT NULL,
    state           TEXT NOT NULL,
    at              TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, name)
);
