-- Who looked at which linked account and opened which people in an hour, until it comes into the audit log as one entry: see
-- store/src/audit_views.rs.
CREATE TABLE audit_views (
    key             TEXT NOT NULL,                 -- the key that was shown: its id, or operator
    account_id      TEXT NOT NULL,
    hour_ms         INTEGER NOT NULL,
    person_id       TEXT NOT NULL,                 -- Lucca's id; empty for the account itself
    actor           TEXT NOT NULL,
    PRIMARY KEY (key, account_id, hour_ms, person_id)
);
CREATE INDEX audit_views_by_hour ON audit_views (hour_ms);
