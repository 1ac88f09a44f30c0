-- Records are found by columns of their own, filled by the program, instead of by expressions over their JSON, which
-- SQLite parsed again for every row that is written or looked at. people/src/catalog says which member each repeats.
ALTER TABLE records ADD COLUMN employee_id TEXT;        -- the employee a record belongs to
ALTER TABLE records ADD COLUMN department_id TEXT;      -- of an employee
ALTER TABLE records ADD COLUMN establishment_id TEXT;   -- of an employee, of an employment
ALTER TABLE records ADD COLUMN manager_id TEXT;         -- of an employee; the head of a department
ALTER TABLE records ADD COLUMN absence_id TEXT;         -- of an absence request
ALTER TABLE records ADD COLUMN status TEXT;             -- of an absence request
ALTER TABLE records ADD COLUMN starts_on TEXT;          -- YYYY-MM-DD: of a contract, of an absence
ALTER TABLE records ADD COLUMN ends_on TEXT;            -- inclusive
ALTER TABLE records ADD COLUMN employee_number TEXT;    -- folded
ALTER TABLE records ADD COLUMN search_text TEXT;        -- the texts that people are searched by, folded, a line each

UPDATE records SET
    employee_id = CASE WHEN kind IN ('employments', 'absences', 'absence_requests', 'user_log_entries')
        THEN body ->> 'employee_id' END,
    department_id = CASE WHEN kind = 'employees' THEN body ->> 'department_id' END,
    establishment_id = CASE WHEN kind IN ('employees', 'employments') THEN body ->> 'establishment_id' END,
    manager_id = CASE kind WHEN 'employees' THEN body ->> 'manager_id' WHEN 'departments' THEN body ->> 'head_id' END,
    absence_id = CASE WHEN kind = 'absence_requests' THEN body ->> 'absence_id' END,
    status = CASE WHEN kind = 'absence_requests' THEN body ->> 'status' END,
    starts_on = CASE kind WHEN 'employees' THEN body ->> 'contract_start' WHEN 'employments' THEN body ->> 'starts_on'
        WHEN 'absences' THEN body ->> '$.leaves[0].date' END,
    ends_on = CASE kind WHEN 'employees' THEN body ->> 'contract_end' WHEN 'employments' THEN body ->> 'ends_on'
        WHEN 'absences' THEN body ->> '$.leaves[#-1].date' END
WHERE kind IN ('employees', 'employments', 'departments', 'absences', 'absence_requests', 'user_log_entries');

DROP INDEX open_absence_requests;
DROP INDEX employees_of_department;
DROP INDEX employees_of_establishment;
DROP INDEX absences_of_employee;
DROP INDEX user_log_of_employee;
DROP INDEX employments_of_employee;

CREATE INDEX records_of_employee ON records (account_no, kind, employee_id) WHERE employee_id IS NOT NULL;
CREATE INDEX employees_of_department ON records (account_no, department_id) WHERE department_id IS NOT NULL;
CREATE INDEX records_of_establishment ON records (account_no, kind, establishment_id) WHERE establishment_id IS NOT NULL;
CREATE INDEX requests_of_absence ON records (account_no, absence_id) WHERE absence_id IS NOT NULL;
CREATE INDEX open_absence_requests ON records (account_no) WHERE status IN ('pending', 'cancellation_pending');
CREATE INDEX employees_by_number ON records (account_no, employee_number) WHERE employee_number IS NOT NULL;
-- Those that an earlier version wrote: their texts are folded when the database is opened.
CREATE INDEX unsearchable_employees ON records (account_no, remote_id) WHERE kind = 'employees' AND search_text IS NULL;
