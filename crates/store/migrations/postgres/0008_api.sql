-- What lists over HTTP need to be quick and never out of date, and runs that a person ended. The same as SQLite's ninth
-- migration makes.

ALTER TABLE records ADD COLUMN touched_us BIGINT NOT NULL DEFAULT 0;
UPDATE records SET touched_us = (extract(epoch FROM updated_at) * 1000000)::bigint;
UPDATE records SET touched_us = greatest(records.touched_us, nested.touched_us)
FROM (SELECT account_no, body::jsonb ->> 'employee_id' AS owner, max(touched_us) AS touched_us FROM records
      WHERE kind = 'employments' GROUP BY 1, 2) AS nested
WHERE records.kind = 'employees' AND records.account_no = nested.account_no AND records.remote_id = nested.owner;
CREATE INDEX records_touched ON records (account_no, kind, touched_us, remote_id);

CREATE INDEX employees_of_department ON records (account_no, (body::jsonb ->> 'department_id'), remote_id)
    WHERE kind = 'employees';
CREATE INDEX employees_of_establishment ON records (account_no, (body::jsonb ->> 'establishment_id'), remote_id)
    WHERE kind = 'employees';
CREATE INDEX absences_of_employee ON records (account_no, (body::jsonb ->> 'employee_id'), remote_id)
    WHERE kind = 'absences';
CREATE INDEX user_log_of_employee ON records (account_no, (body::jsonb ->> 'employee_id'))
    WHERE kind = 'user_log_entries';

ALTER TABLE linked_accounts ADD COLUMN records_mark TEXT NOT NULL DEFAULT '';
UPDATE linked_accounts SET records_mark = gen_random_uuid()::text;

ALTER TABLE linked_accounts ADD COLUMN contracts_current BOOLEAN NOT NULL DEFAULT true;
UPDATE linked_accounts SET contracts_current = false WHERE EXISTS (
    SELECT 1 FROM runs r, jsonb_array_elements(r.report::jsonb -> 'streams') s
    WHERE r.id = (SELECT max(id) FROM runs WHERE account_no = linked_accounts.no AND report IS NOT NULL)
    AND s ->> 'stream' = 'work_contracts' AND s ->> 'error' IS NOT NULL);

ALTER TABLE runs DROP CONSTRAINT runs_outcome_check;
ALTER TABLE runs ADD CONSTRAINT runs_outcome_check
    CHECK (outcome IN ('succeeded', 'incomplete', 'failed', 'interrupted', 'cancelled'));
ALTER TABLE runs ADD COLUMN cancel_asked_at TIMESTAMPTZ;
