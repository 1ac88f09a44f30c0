-- Employees are looked up by work e-mail address and by manager.
ALTER TABLE records ADD COLUMN work_email TEXT;         -- of an employee, folded

CREATE INDEX employees_by_email ON records (account_no, work_email) WHERE work_email IS NOT NULL;
CREATE INDEX employees_of_manager ON records (account_no, kind, manager_id) WHERE manager_id IS NOT NULL;

-- The addresses that an earlier version wrote are folded when the database is opened, with the texts of the search.
UPDATE records SET search_text = NULL WHERE kind = 'employees';
