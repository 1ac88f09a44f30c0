-- The same tables as SQLite's migrations make together, in PostgreSQL's types. JSON stays text: what is hashed and
-- delivered is what was written. Ids are compared and ordered byte by byte, as SQLite does.

CREATE TABLE linked_accounts (
    no          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    tenant      TEXT NOT NULL UNIQUE,
    origin      TEXT NOT NULL,
    api_key     BYTEA NOT NULL,              -- sealed, see vault.rs
    settings    TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('linked', 'relink_needed')),
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    change_seq  BIGINT NOT NULL DEFAULT 0,
    told_until  TEXT                         -- YYYY-MM-DD
);

CREATE TABLE records (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT COLLATE "C" NOT NULL,
    remote_id   TEXT COLLATE "C" NOT NULL,
    hash        BYTEA NOT NULL,
    body        TEXT NOT NULL,
    raw         TEXT,
    state       TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'gone', 'hidden')),
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, kind, remote_id)
);

CREATE TABLE quarantine (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT COLLATE "C" NOT NULL,
    remote_id   TEXT COLLATE "C" NOT NULL,
    field       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    raw         TEXT NOT NULL,
    first_seen  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, kind, remote_id)
);

CREATE TABLE runs (
    id          TEXT COLLATE "C" PRIMARY KEY,
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    started_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    outcome     TEXT CHECK (outcome IN ('succeeded', 'incomplete', 'failed', 'interrupted')),
    requests    BIGINT NOT NULL DEFAULT 0,
    report      TEXT
);
CREATE INDEX runs_by_account ON runs (account_no, started_at);

CREATE TABLE run_streams (
    run_id      TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    stream      TEXT COLLATE "C" NOT NULL,
    mode        TEXT NOT NULL,
    done        BIGINT NOT NULL,
    total       BIGINT,
    started_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    finished    BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (run_id, stream)
);

CREATE TABLE requests_sent (
    tenant      TEXT NOT NULL,
    sent_at     TIMESTAMPTZ NOT NULL,
    requests    BIGINT NOT NULL
);

CREATE TABLE changes (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    seq         BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    remote_id   TEXT COLLATE "C" NOT NULL,
    op          TEXT NOT NULL CHECK (op IN
                ('created', 'updated', 'restored', 'deleted', 'hidden', 'started', 'ended')),
    hash        BYTEA,
    fields      TEXT,
    run_id      TEXT COLLATE "C",
    at          TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, seq)
);
CREATE INDEX changes_of_record ON changes (account_no, kind, remote_id) WHERE op = 'updated';

CREATE TABLE stream_states (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    stream      TEXT COLLATE "C" NOT NULL,
    state       TEXT NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_no, stream)
);

CREATE TABLE leases (
    account_no  BIGINT PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    epoch       BIGINT NOT NULL,
    holder      TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    expires_ms  BIGINT NOT NULL
);

CREATE TABLE holds (
    account_no  BIGINT NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT COLLATE "C" NOT NULL,
    reason      TEXT NOT NULL,
    ids         TEXT NOT NULL,
    opened_at   TIMESTAMPTZ NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'rejected')),
    decided_at  TIMESTAMPTZ,
    PRIMARY KEY (account_no, kind)
);

-- The absence requests that wait for a decision: a run asks for them every time.
CREATE INDEX open_absence_requests ON records (account_no, kind, (body::jsonb ->> 'status'))
WHERE kind = 'absence_requests';

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
WHERE r.kind = 'employees' AND r.state = 'present';

CREATE VIEW employments AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'employee_id' AS employee_id,
       r.body::jsonb ->> 'starts_on' AS starts_on, r.body::jsonb ->> 'ends_on' AS ends_on,
       r.body::jsonb ->> 'is_applicable' AS is_applicable,
       r.body::jsonb ->> 'establishment_id' AS establishment_id,
       r.body::jsonb -> 'contract_type' ->> 'name' AS contract_type, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'employments' AND r.state = 'present';

CREATE VIEW departments AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'name' AS name, r.body::jsonb ->> 'code' AS code,
       r.body::jsonb ->> 'parent_id' AS parent_id, r.body::jsonb ->> 'head_id' AS head_id,
       r.body::jsonb ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'departments' AND r.state = 'present';

CREATE VIEW establishments AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'name' AS name, r.body::jsonb ->> 'code' AS code,
       r.body::jsonb ->> 'legal_unit_id' AS legal_unit_id, r.body::jsonb ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'establishments' AND r.state = 'present';

CREATE VIEW legal_units AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'name' AS name, r.body::jsonb ->> 'code' AS code,
       r.body::jsonb ->> 'country' AS country, r.body::jsonb ->> 'is_archived' AS is_archived, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'legal_units' AND r.state = 'present';

CREATE VIEW absences AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'employee_id' AS employee_id,
       r.body::jsonb ->> 'first' AS first_half_day, r.body::jsonb ->> 'last' AS last_half_day,
       r.body::jsonb ->> 'half_days' AS half_days, r.body::jsonb ->> 'minutes' AS minutes,
       r.body::jsonb ->> 'is_confirmed' AS is_confirmed, r.body::jsonb ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absences' AND r.state = 'present';

CREATE VIEW leaves AS
SELECT a.id AS account_id, r.remote_id AS absence_id, r.body::jsonb ->> 'employee_id' AS employee_id,
       l.value ->> 'id' AS id, l.value ->> 'date' AS date, l.value ->> 'half' AS half,
       l.value ->> 'leave_type_id' AS leave_type_id, l.value ->> 'minutes' AS minutes,
       l.value ->> 'value' AS value, coalesce((l.value ->> 'is_active')::boolean, true) AS is_active
FROM records r JOIN linked_accounts a ON a.no = r.account_no,
     jsonb_array_elements(r.body::jsonb -> 'leaves') AS l(value)
WHERE r.kind = 'absences' AND r.state = 'present';

CREATE VIEW absence_requests AS
SELECT a.id AS account_id, r.remote_id AS id, r.body::jsonb ->> 'absence_id' AS absence_id,
       r.body::jsonb ->> 'employee_id' AS employee_id, r.body::jsonb ->> 'status' AS status,
       r.body::jsonb ->> 'created_at' AS created_at, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absence_requests' AND r.state = 'present';
