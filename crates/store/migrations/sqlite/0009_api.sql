-- What lists over HTTP need to be quick and never out of date, and runs that a person ended.

-- When a record last changed, or something that is shown with it: of an employee, their employments, and that one began
-- or ended by the calendar. Microseconds since 1970, which are compared.
ALTER TABLE records ADD COLUMN touched_us INTEGER NOT NULL DEFAULT 0;
-- A millisecond later than was written, which is kept more exactly than SQLite's clock functions read it.
UPDATE records SET touched_us = CAST(unixepoch(updated_at, 'subsec') * 1000 AS INTEGER) * 1000 + 1000;
UPDATE records SET touched_us = max(touched_us, coalesce((SELECT max(e.touched_us) FROM records e
    WHERE e.account_no = records.account_no AND e.kind = 'employments' AND e.body ->> 'employee_id' = records.remote_id), 0))
WHERE kind = 'employees';
CREATE INDEX records_touched ON records (account_no, kind, touched_us);

-- By what employees and absences are asked for.
CREATE INDEX employees_of_department ON records (account_no, (body ->> 'department_id')) WHERE kind = 'employees';
CREATE INDEX employees_of_establishment ON records (account_no, (body ->> 'establishment_id')) WHERE kind = 'employees';
CREATE INDEX absences_of_employee ON records (account_no, (body ->> 'employee_id')) WHERE kind = 'absences';
CREATE INDEX user_log_of_employee ON records (account_no, (body ->> 'employee_id')) WHERE kind = 'user_log_entries';

-- Another value whenever any record of the account is written or goes: what was read under one value holds as long as it
-- stands. Random, so that none comes back when a backup does. Whoever writes records sees to it: see commit.rs.
ALTER TABLE linked_accounts ADD COLUMN records_mark TEXT NOT NULL DEFAULT '';
UPDATE linked_accounts SET records_mark = hex(randomblob(12));

-- Whether contracts could be read when last they were due: else they may not outvote other dates.
ALTER TABLE linked_accounts ADD COLUMN contracts_current BOOLEAN NOT NULL DEFAULT true;
UPDATE linked_accounts SET contracts_current = false WHERE EXISTS (
    SELECT 1 FROM runs r, json_each(r.report, '$.streams') s
    WHERE r.id = (SELECT max(id) FROM runs WHERE account_no = linked_accounts.no AND report IS NOT NULL)
    AND s.value ->> 'stream' = 'work_contracts' AND s.value ->> 'error' IS NOT NULL);

-- A run that a person ended is 'cancelled', which the table did not know. What hangs on the table is kept aside.
CREATE TEMPORARY TABLE run_streams_kept AS SELECT * FROM run_streams;
CREATE TABLE runs_new (
    id          TEXT PRIMARY KEY,            -- run_…
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    started_at  TEXT NOT NULL,
    finished_at TEXT,                        -- null while running
    outcome     TEXT CHECK (outcome IN ('succeeded', 'incomplete', 'failed', 'interrupted', 'cancelled')),
    requests    INTEGER NOT NULL DEFAULT 0,
    report      TEXT,                        -- JSON
    cancel_asked_at TEXT                     -- when it was asked to end; it does at its next commit
);
INSERT INTO runs_new (id, account_no, started_at, finished_at, outcome, requests, report)
SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs ORDER BY rowid;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
CREATE INDEX runs_by_account ON runs (account_no, started_at);
INSERT INTO run_streams SELECT * FROM run_streams_kept WHERE run_id IN (SELECT id FROM runs)
ON CONFLICT DO NOTHING;
DROP TABLE run_streams_kept;
