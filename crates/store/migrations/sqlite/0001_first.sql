-- Linked accounts, the records synced for them, what could not be read, and the runs that did it.
-- Times are UTC text (RFC 3339); dates are YYYY-MM-DD text; `body` and other JSON is text.

CREATE TABLE linked_accounts (
    no          INTEGER PRIMARY KEY,         -- short key for the tables below
    id          TEXT NOT NULL UNIQUE,        -- acct_…
    tenant      TEXT NOT NULL UNIQUE,        -- the tenant's origin; for a tenant that changes address, its lasting name
    origin      TEXT NOT NULL,               -- where requests go
    api_key     BLOB NOT NULL,               -- sealed, see vault.rs
    settings    TEXT NOT NULL,               -- JSON: field groups, raw records
    status      TEXT NOT NULL CHECK (status IN ('linked', 'relink_needed')),
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);

-- One row a record of the normalised model, whatever its kind. `state` says how the record stands:
--   present  seen at the source when it was last enumerated
--   gone     an enumeration that was provably complete did not have it
--   hidden   no longer shown, and the evidence is that the API key lost a permission
CREATE TABLE records (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    remote_id   TEXT NOT NULL,
    hash        BLOB NOT NULL,               -- of body, 16 bytes
    body        TEXT NOT NULL,               -- the model as JSON
    raw         TEXT,                        -- as Lucca sent it when body last changed, where it is kept
    state       TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'gone', 'hidden')),
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    PRIMARY KEY (account_no, kind, remote_id)
) WITHOUT ROWID;

-- Records that could not be read, as Lucca sent them. A row leaves when the record reads again.
CREATE TABLE quarantine (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    remote_id   TEXT NOT NULL,               -- or '#' and a fingerprint when even the id is unreadable
    field       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    raw         TEXT NOT NULL,
    first_seen  TEXT NOT NULL,
    PRIMARY KEY (account_no, kind, remote_id)
) WITHOUT ROWID;

CREATE TABLE runs (
    id          TEXT PRIMARY KEY,            -- run_…
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    started_at  TEXT NOT NULL,
    finished_at TEXT,                        -- null while running, or when the process was killed
    outcome     TEXT CHECK (outcome IN ('succeeded', 'incomplete', 'failed')),
    requests    INTEGER NOT NULL DEFAULT 0,
    report      TEXT                         -- JSON
);
CREATE INDEX runs_by_account ON runs (account_no);

-- Requests of the last minute, so that processes that follow each other share a tenant's budget.
CREATE TABLE requests_sent (
    tenant      TEXT NOT NULL,
    sent_at     TEXT NOT NULL,               -- of the last of them
    requests    INTEGER NOT NULL
);

-- For people who open the file with a database tool: the main fields as columns, present records only.
CREATE VIEW employees AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'name' AS name, r.body ->> 'first_name' AS first_name, r.body ->> 'last_name' AS last_name,
       r.body ->> 'work_email' AS work_email, r.body ->> 'employee_number' AS employee_number,
       r.body ->> 'job_title' AS job_title, r.body ->> 'manager_id' AS manager_id,
       r.body ->> 'department_id' AS department_id, r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> 'contract_start' AS contract_start, r.body ->> 'contract_end' AS contract_end, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employees' AND r.state = 'present';

CREATE VIEW employments AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'employee_id' AS employee_id, r.body ->> 'starts_on' AS starts_on,
       r.body ->> 'ends_on' AS ends_on, r.body ->> 'is_applicable' AS is_applicable,
       r.body ->> 'establishment_id' AS establishment_id,
       r.body ->> '$.contract_type.name' AS contract_type, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employments' AND r.state = 'present';

CREATE VIEW departments AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'name' AS name, r.body ->> 'code' AS code, r.body ->> 'parent_id' AS parent_id,
       r.body ->> 'head_id' AS head_id, r.body ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'departments' AND r.state = 'present';

CREATE VIEW establishments AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'name' AS name, r.body ->> 'code' AS code, r.body ->> 'legal_unit_id' AS legal_unit_id,
       r.body ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'establishments' AND r.state = 'present';

CREATE VIEW legal_units AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'name' AS name, r.body ->> 'code' AS code, r.body ->> 'country' AS country,
       r.body ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'legal_units' AND r.state = 'present';
