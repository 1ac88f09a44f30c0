-- INSERT OR REPLACE removes the entry that is there without the trigger against that: SQLite fires it only with a pragma of the
-- connection that does it.
CREATE TRIGGER audit_chain_is_not_replaced BEFORE INSERT ON audit_chain
WHEN EXISTS (SELECT 1 FROM audit_chain WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
