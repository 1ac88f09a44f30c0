-- Runs that somebody asked for and that have not begun: one an account, for as long as it waits for a worker.

CREATE TABLE asked_runs (
    account_no INTEGER PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    run_id     TEXT NOT NULL UNIQUE,         -- it becomes the run's
    due_ms     INTEGER NOT NULL              -- when it was asked for, or may be tried again
);
