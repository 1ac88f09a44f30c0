-- Keys for the HTTP API, beside the operator's in the data directory.

CREATE TABLE api_keys (
    id          TEXT PRIMARY KEY,            -- key_…
    hash        BLOB NOT NULL UNIQUE,        -- SHA-256 of the key
    name        TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('operator', 'vendor', 'read_only')),
    account_id  TEXT,                        -- the one linked account that a read_only key opens
    created_at  TEXT NOT NULL,
    revoked_at  TEXT,
    CHECK ((role = 'read_only') = (account_id IS NOT NULL))
) WITHOUT ROWID;

-- Whose employments are whose: a page of employees is shown with their status, which their employments decide.
CREATE INDEX employments_of_employee ON records (account_no, (body ->> 'employee_id')) WHERE kind = 'employments';
