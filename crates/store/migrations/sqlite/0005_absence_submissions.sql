-- Absence requests made through the connector, on their way to Lucca and after; what a key was proven able to do.

CREATE TABLE submissions (
    id              TEXT PRIMARY KEY,            -- abr_…
    account_no      INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    idempotency_key TEXT NOT NULL,
    employee_id     TEXT NOT NULL,
    ask             TEXT NOT NULL,               -- JSON: what is asked for
    state           TEXT NOT NULL CHECK (state IN
                    ('queued', 'sending', 'in_doubt', 'made', 'refused', 'not_made')),
    detail          TEXT NOT NULL,               -- JSON: what the way there needs to know
    request_id      TEXT,                        -- Lucca's ids, once they are known
    absence_id      TEXT,
    request         TEXT,                        -- JSON: as Lucca last told them
    absence         TEXT,
    version         INTEGER NOT NULL,
    sent_at         TEXT,
    due_at          TEXT,                        -- when it is to be looked at next
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    UNIQUE (account_no, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX submissions_due ON submissions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX submissions_of_account ON submissions (account_no, id);

CREATE TABLE capabilities (
    account_no      INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    at              TEXT NOT NULL,
    PRIMARY KEY (account_no, name)
) WITHOUT ROWID;
