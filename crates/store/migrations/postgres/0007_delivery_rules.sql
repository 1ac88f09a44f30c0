-- What of a linked account is delivered: people that its filter does not pick are kept and synced as ever, and
-- withheld from every output.

-- Null where a record is delivered. `untold`: it never was. `told`: it was, and has been told as excluded since.
ALTER TABLE records ADD COLUMN withheld TEXT CHECK (withheld IN ('untold', 'told'));
-- Few or none where nothing is filtered, and then nothing has to be looked through.
CREATE INDEX withheld_records ON records (account_no, kind, remote_id) WHERE withheld IS NOT NULL;

-- Whether a person has changed the filter since it was last applied.
ALTER TABLE linked_accounts ADD COLUMN audience_due BOOLEAN NOT NULL DEFAULT false;

DROP VIEW employees;
CREATE VIEW employees AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body::jsonb ->> 'name' AS name, r.body::jsonb ->> 'first_name' AS first_name,
       r.body::jsonb ->> 'last_name' AS last_name, r.body::jsonb ->> 'work_email' AS work_email,
       r.body::jsonb ->> 'employee_number' AS employee_number, r.body::jsonb ->> 'job_title' AS job_title,
       r.body::jsonb ->> 'manager_id' AS manager_id, r.body::jsonb ->> 'department_id' AS department_id,
       r.body::jsonb ->> 'establishment_id' AS establishment_id,
       r.body::jsonb ->> 'contract_start' AS contract_start, r.body::jsonb ->> 'contract_end' AS contract_end,
       r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employees' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW employments;
CREATE VIEW employments AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'employee_id' AS employee_id,
       r.body::jsonb ->> 'starts_on' AS starts_on, r.body::jsonb ->> 'ends_on' AS ends_on,
       r.body::jsonb ->> 'is_applicable' AS is_applicable,
       r.body::jsonb ->> 'establishment_id' AS establishment_id,
       r.body::jsonb -> 'contract_type' ->> 'name' AS contract_type, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employments' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW absences;
CREATE VIEW absences AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'employee_id' AS employee_id,
       r.body::jsonb ->> 'first' AS first_half_day, r.body::jsonb ->> 'last' AS last_half_day,
       r.body::jsonb ->> 'half_days' AS half_days, r.body::jsonb ->> 'minutes' AS minutes,
       r.body::jsonb ->> 'is_confirmed' AS is_confirmed, r.body::jsonb ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW leaves;
CREATE VIEW leaves AS
SELECT a.id AS account_id, r.remote_id AS absence_id, r.body::jsonb ->> 'employee_id' AS employee_id,
       l.value ->> 'id' AS id, l.value ->> 'date' AS date, l.value ->> 'half' AS half,
       l.value ->> 'leave_type_id' AS leave_type_id, l.value ->> 'minutes' AS minutes,
       l.value ->> 'value' AS value, coalesce((l.value ->> 'is_active')::boolean, true) AS is_active
FROM records r JOIN linked_accounts a ON a.no = r.account_no,
     jsonb_array_elements(r.body::jsonb -> 'leaves') AS l(value)
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW absence_requests;
CREATE VIEW absence_requests AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'absence_id' AS absence_id,
       r.body::jsonb ->> 'employee_id' AS employee_id, r.body::jsonb ->> 'status' AS status,
       r.body::jsonb ->> 'created_at' AS created_at, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absence_requests' AND r.state = 'present' AND r.withheld IS NULL;
