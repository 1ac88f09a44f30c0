-- What is no longer read by configuration, and people who were erased.

-- The change log can say `excluded` and `erased`, which the table did not know.
CREATE TABLE changes_new (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    remote_id   TEXT NOT NULL,
    op          TEXT NOT NULL CHECK (op IN
                ('created', 'updated', 'restored', 'deleted', 'hidden', 'started', 'ended', 'excluded', 'erased')),
    hash        BLOB,                        -- of the record's body after the change, as in records
    fields      TEXT,                        -- JSON: which fields changed, from what to what
    run_id      TEXT,
    at          TEXT NOT NULL,
    PRIMARY KEY (account_no, seq)
) WITHOUT ROWID;
INSERT INTO changes_new (account_no, seq, kind, remote_id, op, hash, fields, run_id, at)
SELECT account_no, seq, kind, remote_id, op, hash, fields, run_id, at FROM changes;
DROP TABLE changes;
ALTER TABLE changes_new RENAME TO changes;
CREATE INDEX changes_of_record ON changes (account_no, kind, remote_id) WHERE op = 'updated';

-- Whose an unreadable record is, so that it can be erased with them.
ALTER TABLE quarantine ADD COLUMN owner_id TEXT;

-- Who was erased, when and by whom. Nothing of theirs is stored again while `allowed_at` is null.
CREATE TABLE erasures (
    id          TEXT PRIMARY KEY,            -- era_…
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    remote_id   TEXT NOT NULL,
    actor       TEXT NOT NULL,
    erased_at   TEXT NOT NULL,
    counts      TEXT NOT NULL,               -- JSON: rows by table
    allowed_at  TEXT,
    allowed_by  TEXT
) WITHOUT ROWID;
CREATE INDEX erasures_of_person ON erasures (account_no, remote_id);
