-- What keeps a database in order over the years: an audit log that shows tampering, receipts of what was removed, and
-- knowing a backup for one. The same tables as SQLite's
-- thirteenth migration makes, and under its number.

CREATE TABLE audit_chain (
    seq             BIGINT PRIMARY KEY,
    at_us           BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    account_id      TEXT,
    flow_id         TEXT,
    detail          TEXT NOT NULL,
    hash            BYTEA NOT NULL
);
CREATE INDEX audit_chain_of_account ON audit_chain (account_id, seq);
CREATE FUNCTION audit_chain_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$;
CREATE TRIGGER audit_chain_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION audit_chain_is_only_added_to();

CREATE TABLE audit_head (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    seq             BIGINT NOT NULL,
    hash            BYTEA NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- Which entry of the audit log tells of an erasure; null for those of before.
ALTER TABLE erasures ADD COLUMN audit_seq BIGINT;

-- What was removed because it had become old, by round: rule, table and count. Nothing personal.
CREATE TABLE receipts (
    id              TEXT COLLATE "C" PRIMARY KEY,   -- rcp_…
    began_at        TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ,
    removed         TEXT NOT NULL,                 -- JSON: see receipts.rs
    audit_seq       BIGINT                        -- the entry of the audit log that tells of it
);

-- Up to which number the change log was cut, and from which number it goes on after a restore: places in between are
-- nobody's. Where all of it was erased with an account's data, it is cut up to its end.
ALTER TABLE linked_accounts ADD COLUMN changes_cut BIGINT NOT NULL DEFAULT 0;
ALTER TABLE linked_accounts ADD COLUMN changes_base BIGINT NOT NULL DEFAULT 0;
UPDATE linked_accounts SET changes_cut =
    coalesce((SELECT min(seq) - 1 FROM changes WHERE account_no = linked_accounts.no), change_seq);
UPDATE webhook_cursors SET slot = 99, seq =
    (SELECT a.changes_cut FROM linked_accounts a WHERE a.no = webhook_cursors.account_no)
WHERE log = 'changes' AND seq < (SELECT a.changes_cut FROM linked_accounts a WHERE a.no = webhook_cursors.account_no);

-- Whether this is the database it says it is: which server, database and table it was written in. A dump that is
-- restored is another.
CREATE TABLE database_origin (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    mark            TEXT NOT NULL
);
INSERT INTO database_origin (one, mark) VALUES (1, '');
