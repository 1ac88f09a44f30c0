-- Feeds of a team's absences for calendars, each opened by a secret in its address.

CREATE TABLE calendar_feeds (
    id           TEXT PRIMARY KEY,           -- feed_…
    account_no   INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    hash         BLOB NOT NULL UNIQUE,       -- SHA-256 of the secret
    name         TEXT NOT NULL,
    team         TEXT NOT NULL,              -- JSON: whose absences
    show_type    BOOLEAN NOT NULL,
    with_pending BOOLEAN NOT NULL,
    language     TEXT NOT NULL,
    days_ahead   INTEGER NOT NULL,
    created_at   TEXT NOT NULL
) WITHOUT ROWID;
