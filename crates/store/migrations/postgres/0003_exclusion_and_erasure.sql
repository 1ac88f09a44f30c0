-- What is no longer read by configuration, and people who were erased.

-- The change log can say `excluded` and `erased`.
ALTER TABLE changes DROP CONSTRAINT changes_op_check;
ALTER TABLE changes ADD CONSTRAINT changes_op_check CHECK (op IN
    ('created', 'updated', 'restored', 'deleted', 'hidden', 'started', 'ended', 'excluded', 'erased'));

-- Whose an unreadable record is, so that it can be erased with them.
ALTER TABLE quarantine ADD COLUMN owner_id TEXT COLLATE "C";

-- Who was erased, when and by whom. Nothing of theirs is stored again while `allowed_at` is null.
CREATE TABLE erasures (
    id          TEXT COLLATE "C" PRIMARY KEY,
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    remote_id   TEXT COLLATE "C" NOT NULL,
    actor       TEXT NOT NULL,
    erased_at   TIMESTAMPTZ NOT NULL,
    counts      TEXT NOT NULL,
    allowed_at  TIMESTAMPTZ,
    allowed_by  TEXT
);
CREATE INDEX erasures_of_person ON erasures (account_no, remote_id);
