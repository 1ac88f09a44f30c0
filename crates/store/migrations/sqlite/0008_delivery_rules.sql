-- What of a linked account is delivered: people that its filter does not pick are kept and synced as ever, and
-- withheld from every output.

-- Null where a record is delivered. `untold`: it never was. `told`: it was, and has been told as excluded since.
ALTER TABLE records ADD COLUMN withheld TEXT CHECK (withheld IN ('untold', 'told'));
-- Few or none where nothing is filtered, and then nothing has to be looked through.
CREATE INDEX withheld_records ON records (account_no, kind, remote_id) WHERE withheld IS NOT NULL;

-- Whether a person has changed the filter since it was last applied.
ALTER TABLE linked_accounts ADD COLUMN audience_due INTEGER NOT NULL DEFAULT 0;

DROP VIEW employees;
CREATE VIEW employees AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'name' AS name, r.body ->> 'first_name' AS first_name, r.body ->> 'last_name' AS last_name,
       r.body ->> 'work_email' AS work_email, r.body ->> 'employee_number' AS employee_number,
       r.body ->> 'job_title' AS job_title, r.body ->> 'manager_id' AS manager_id,
       r.body ->> 'department_id' AS department_id, r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> 'contract_start' AS contract_start, r.body ->> 'contract_end' AS contract_end, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employees' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW employments;
CREATE VIEW employments AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'employee_id' AS employee_id, r.body ->> 'starts_on' AS starts_on,
       r.body ->> 'ends_on' AS ends_on, r.body ->> 'is_applicable' AS is_applicable,
       r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> '$.contract_type.name' AS contract_type, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employments' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW absences;
CREATE VIEW absences AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'employee_id' AS employee_id,
       r.body ->> 'first' AS first_half_day, r.body ->> 'last' AS last_half_day,
       r.body ->> 'half_days' AS half_days, r.body ->> 'minutes' AS minutes,
       r.body ->> 'is_confirmed' AS is_confirmed, r.body ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW leaves;
CREATE VIEW leaves AS
SELECT a.id AS account_id, r.remote_id AS absence_id, r.body ->> 'employee_id' AS employee_id,
       l.value ->> 'id' AS id, l.value ->> 'date' AS date, l.value ->> 'half' AS half,
       l.value ->> 'leave_type_id' AS leave_type_id, l.value ->> 'minutes' AS minutes,
       l.value ->> 'value' AS value, coalesce(l.value ->> 'is_active', 1) AS is_active
FROM records r JOIN linked_accounts a ON a.no = r.account_no, json_each(r.body, '$.leaves') l
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW absence_requests;
CREATE VIEW absence_requests AS
SELECT a.id AS account_id, r.remote_id AS id, r.body ->> 'absence_id' AS absence_id,
       r.body ->> 'employee_id' AS employee_id, r.body ->> 'status' AS status,
       r.body ->> 'created_at' AS created_at, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absence_requests' AND r.state = 'present' AND r.withheld IS NULL;
