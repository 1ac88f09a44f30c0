-- What keeps a database in order over the years: an audit log that shows tampering, receipts of what was removed, and
-- knowing a backup for one.

-- The audit log as a hash chain. What was logged before, and what a process of the version before logs beside this one, is
-- moved into it from the table audit_log when the database is next opened: SQL knows
-- no SHA-256 here. STRICT, so that nothing can be stored that is read as something else.
CREATE TABLE audit_chain (
    seq             INTEGER PRIMARY KEY,           -- from 1, without gaps
    at_us           INTEGER NOT NULL,              -- microseconds since 1970
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    account_id      TEXT,
    flow_id         TEXT,
    detail          TEXT NOT NULL,                 -- JSON: codes and counts
    hash            BLOB NOT NULL                  -- SHA-256 over the one before and all of the above, see audit_chain.rs
) STRICT;
CREATE INDEX audit_chain_of_account ON audit_chain (account_id, seq);
CREATE TRIGGER audit_chain_is_not_changed BEFORE UPDATE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_chain_is_not_cut BEFORE DELETE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;

-- The chain's last entry. Whoever adds one locks it, so that the chain does not fork.
CREATE TABLE audit_head (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    seq             INTEGER NOT NULL,
    hash            BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, zeroblob(32));

-- Which entry of the audit log tells of an erasure; null for those of before.
ALTER TABLE erasures ADD COLUMN audit_seq INTEGER;

-- What was removed because it had become old, by round: rule, table and count. Nothing personal.
CREATE TABLE receipts (
    id              TEXT PRIMARY KEY,               -- rcp_…
    began_at        TEXT NOT NULL,
    finished_at     TEXT,
    removed         TEXT NOT NULL,                 -- JSON: see receipts.rs
    audit_seq       INTEGER                        -- the entry of the audit log that tells of it
) WITHOUT ROWID;

-- Up to which number the change log was cut, and from which number it goes on after a restore: places in between are
-- nobody's. Where all of it was erased with an account's data, it is cut up to its end.
ALTER TABLE linked_accounts ADD COLUMN changes_cut INTEGER NOT NULL DEFAULT 0;
ALTER TABLE linked_accounts ADD COLUMN changes_base INTEGER NOT NULL DEFAULT 0;
UPDATE linked_accounts SET changes_cut =
    coalesce((SELECT min(seq) - 1 FROM changes WHERE account_no = linked_accounts.no), change_seq);
UPDATE webhook_cursors SET slot = 99, seq =
    (SELECT a.changes_cut FROM linked_accounts a WHERE a.no = webhook_cursors.account_no)
WHERE log = 'changes' AND seq < (SELECT a.changes_cut FROM linked_accounts a WHERE a.no = webhook_cursors.account_no);

-- Whether this is the database it says it is: a backup says that it is one, so that whoever goes on with it knows.
CREATE TABLE database_origin (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    mark            TEXT NOT NULL
) STRICT;
INSERT INTO database_origin (one, mark) VALUES (1, '');
