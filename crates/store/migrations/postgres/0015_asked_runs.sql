-- Runs that somebody asked for and that have not begun: one an account, for as long as it waits for a worker.
-- The same table as SQLite's sixteenth migration makes.

CREATE TABLE asked_runs (
    account_no BIGINT PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    run_id     TEXT COLLATE "C" NOT NULL UNIQUE,
    due_ms     BIGINT NOT NULL
);
