-- The views name things as the API does. Employments, gender, leave types and absence requests have a normalised value
-- beside Lucca's own word: the next sync reads them whole, which writes both.
-- contract: not used since 0.1.0, of which nothing was released before this migration.

DROP VIEW employees;
CREATE VIEW employees AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'name' AS name,
       r.body ->> 'first_name' AS first_name, r.body ->> 'last_name' AS last_name,
       r.body ->> 'work_email' AS work_email, r.body ->> 'employee_number' AS employee_number,
       r.body ->> 'job_title' AS job_title, r.body ->> 'manager_id' AS manager_id,
       r.body ->> 'department_id' AS department_id, r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> 'contract_start' AS contract_start, r.body ->> 'contract_end' AS contract_end, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employees' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW employments;
CREATE VIEW employments AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'employee_id' AS employee_id,
       r.body ->> 'starts_on' AS starts_on, r.body ->> 'ends_on' AS ends_on,
       r.body ->> 'is_applicable' AS is_applicable, r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> 'employment_type' AS employment_type,
       r.body ->> 'employment_type_native' AS employment_type_native, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employments' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW departments;
CREATE VIEW departments AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'name' AS name, r.body ->> 'code' AS code,
       r.body ->> 'parent_id' AS parent_id, r.body ->> 'head_id' AS head_id, r.body ->> 'is_active' AS is_active,
       r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'departments' AND r.state = 'present';

DROP VIEW establishments;
CREATE VIEW establishments AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'name' AS name, r.body ->> 'code' AS code,
       r.body ->> 'legal_unit_id' AS legal_unit_id, r.body ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'establishments' AND r.state = 'present';

DROP VIEW legal_units;
CREATE VIEW legal_units AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'name' AS name, r.body ->> 'code' AS code,
       r.body ->> 'country' AS country, r.body ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'legal_units' AND r.state = 'present';

DROP VIEW absences;
CREATE VIEW absences AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'employee_id' AS employee_id,
       r.body ->> 'first' AS first, r.body ->> 'last' AS last, r.body ->> 'half_days' AS half_days,
       r.body ->> 'minutes' AS minutes, r.body ->> 'is_confirmed' AS is_confirmed,
       r.body ->> 'is_active' AS is_active, substr(r.body ->> 'first', 1, 10) AS starts_on,
       substr(r.body ->> 'last', 1, 10) AS ends_on, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW leaves;
CREATE VIEW leaves AS
SELECT a.id AS linked_account_id, r.remote_id AS absence_id, r.body ->> 'employee_id' AS employee_id,
       l.value ->> 'id' AS id, l.value ->> 'date' AS date, l.value ->> 'half' AS half,
       l.value ->> 'leave_type_id' AS leave_type_id, l.value ->> 'minutes' AS minutes,
       l.value ->> 'value' AS value, coalesce(l.value ->> 'is_active', 1) AS is_active
FROM records r JOIN linked_accounts a ON a.no = r.account_no, json_each(r.body, '$.leaves') l
WHERE r.kind = 'absences' AND r.state = 'present' AND r.withheld IS NULL;

DROP VIEW absence_requests;
CREATE VIEW absence_requests AS
SELECT a.id AS linked_account_id, r.remote_id AS id, r.body ->> 'absence_id' AS absence_id,
       r.body ->> 'employee_id' AS employee_id, r.body ->> 'status' AS status,
       r.body ->> 'status_native' AS status_native, r.body ->> 'created_at' AS created_at, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absence_requests' AND r.state = 'present' AND r.withheld IS NULL;

UPDATE stream_states SET state = json_set(state, '$.sweep_again', json('true'))
WHERE stream IN ('users', 'work_contracts', 'leave_accounts', 'leave_requests') AND state ->> '$.full_at' IS NOT NULL;

-- The reason as the API names it.
UPDATE destinations SET disabled_reason = 'requested' WHERE disabled_reason = 'asked';
