-- Keys for the HTTP API, beside the operator's in the data directory. The same table as SQLite's sixth migration makes.

CREATE TABLE api_keys (
    id          TEXT COLLATE "C" PRIMARY KEY,
    hash        BYTEA NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('operator', 'vendor', 'read_only')),
    account_id  TEXT COLLATE "C",
    created_at  TIMESTAMPTZ NOT NULL,
    revoked_at  TIMESTAMPTZ,
    CHECK ((role = 'read_only') = (account_id IS NOT NULL))
);

-- Whose employments are whose: a page of employees is shown with their status, which their employments decide.
CREATE INDEX employments_of_employee ON records (account_no, (body::jsonb ->> 'employee_id'))
    WHERE kind = 'employments';
