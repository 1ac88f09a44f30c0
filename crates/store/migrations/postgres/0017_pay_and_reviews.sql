-- Versions before stored pay and reviews, which came with applicationData. Each account is looked through once, and its
-- row goes when the database's tables were vacuumed (store/src/removals.rs, sync/src/removal.rs).
CREATE TABLE removals (
    account_no BIGINT PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    done_at    TIMESTAMPTZ
);
INSERT INTO removals (account_no) SELECT no FROM linked_accounts;

-- A process of a version before would store them again. Its runs under way lose their lease, and it gets no other: a lease
-- says since which generation its version knows what may be stored.
ALTER TABLE leases ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
UPDATE leases SET epoch = epoch + 1, expires_ms = 0;
CREATE FUNCTION leases_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.generation < 2 THEN
        RAISE EXCEPTION 'the database was upgraded: restart this process with the version that upgraded it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leases_generation BEFORE INSERT ON leases FOR EACH ROW EXECUTE FUNCTION leases_generation();
