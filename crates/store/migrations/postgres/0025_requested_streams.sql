-- The streams that a requested run reads whole. Null: the run reads changes, or everything if a full run was requested.
ALTER TABLE asked_runs ADD COLUMN streams TEXT;         -- such as departments,employees
