-- Feeds of a team's absences for calendars, each opened by a secret in its address. The same table as SQLite's eleventh
-- migration makes.

CREATE TABLE calendar_feeds (
    id           TEXT COLLATE "C" PRIMARY KEY,
    account_no   BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    hash         BYTEA NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    team         TEXT NOT NULL,
    show_type    BOOLEAN NOT NULL,
    with_pending BOOLEAN NOT NULL,
    language     TEXT NOT NULL,
    days_ahead   BIGINT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL
);
