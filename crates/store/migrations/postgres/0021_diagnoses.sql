-- What a linked account's key was last found to be good for, as `linking` writes it.
CREATE TABLE diagnoses (
    account_no      BIGINT PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    source          TEXT NOT NULL,                          -- linking, check or sync
    summary         TEXT NOT NULL,                          -- JSON: counts, no names
    checked_at      TIMESTAMPTZ NOT NULL
);
