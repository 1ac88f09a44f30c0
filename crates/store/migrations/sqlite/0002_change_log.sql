-- The change log, what each stream remembers between runs, who may write, what waits for a person, and how runs
-- are getting on. Times are UTC text (RFC 3339) but where a name ends in _ms: milliseconds since 1970.

-- A gapless sequence a linked account, and the day up to which contracts that begin or end have been told.
ALTER TABLE linked_accounts ADD COLUMN change_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE linked_accounts ADD COLUMN told_until TEXT;

-- What happened to records, in order. Written in the transaction that makes it so.
CREATE TABLE changes (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    remote_id   TEXT NOT NULL,
    op          TEXT NOT NULL CHECK (op IN
                ('created', 'updated', 'restored', 'deleted', 'hidden', 'started', 'ended')),
    hash        BLOB,                        -- of the record's body after the change, as in records
    fields      TEXT,                        -- JSON: which fields changed, from what to what
    run_id      TEXT,
    at          TEXT NOT NULL,
    PRIMARY KEY (account_no, seq)
) WITHOUT ROWID;
-- What was observed of a record over time; backfills write none of these.
CREATE INDEX changes_of_record ON changes (account_no, kind, remote_id) WHERE op = 'updated';

-- How far each stream is. `state` is JSON that the sync engine reads and writes, with a version in it.
CREATE TABLE stream_states (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    stream      TEXT NOT NULL,
    state       TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    PRIMARY KEY (account_no, stream)
) WITHOUT ROWID;

-- Who may write to a linked account: whoever holds the epoch. It only grows.
CREATE TABLE leases (
    account_no  INTEGER PRIMARY KEY REFERENCES linked_accounts (no) ON DELETE CASCADE,
    epoch       INTEGER NOT NULL,
    holder      TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    expires_ms  INTEGER NOT NULL
);

-- Records whose disappearance waits for a person. One open question a kind of record.
CREATE TABLE holds (
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    ids         TEXT NOT NULL,               -- JSON array of remote ids
    opened_at   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'rejected')),
    decided_at  TEXT,
    PRIMARY KEY (account_no, kind)
) WITHOUT ROWID;

-- A run that ended without a word is 'interrupted', which the first version of the table did not know.
CREATE TABLE runs_new (
    id          TEXT PRIMARY KEY,            -- run_…
    account_no  INTEGER NOT NULL REFERENCES linked_accounts (no) ON DELETE CASCADE,
    started_at  TEXT NOT NULL,
    finished_at TEXT,                        -- null while running
    outcome     TEXT CHECK (outcome IN ('succeeded', 'incomplete', 'failed', 'interrupted')),
    requests    INTEGER NOT NULL DEFAULT 0,
    report      TEXT                         -- JSON
);
INSERT INTO runs_new (id, account_no, started_at, finished_at, outcome, requests, report)
SELECT id, account_no, started_at, finished_at, outcome, requests, report FROM runs ORDER BY rowid;
DROP TABLE runs;
ALTER TABLE runs_new RENAME TO runs;
CREATE INDEX runs_by_account ON runs (account_no, started_at);

-- How far a run is, by stream, written with each page.
CREATE TABLE run_streams (
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    stream      TEXT NOT NULL,
    mode        TEXT NOT NULL,
    done        INTEGER NOT NULL,
    total       INTEGER,
    started_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    finished    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, stream)
) WITHOUT ROWID;

-- The absence requests that wait for a decision: a run asks for them every time.
CREATE INDEX open_absence_requests ON records (account_no, kind, (body ->> 'status'))
WHERE kind = 'absence_requests';

CREATE VIEW absences AS
SELECT a.id AS account_id, r.remote_id AS id,
       r.body ->> 'employee_id' AS employee_id,
       r.body ->> 'first' AS first_half_day, r.body ->> 'last' AS last_half_day,
       r.body ->> 'half_days' AS half_days, r.body ->> 'minutes' AS minutes,
       r.body ->> 'is_confirmed' AS is_confirmed, r.body ->> 'is_active' AS is_active, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absences' AND r.state = 'present';

CREATE VIEW leaves AS
SELECT a.id AS account_id, r.remote_id AS absence_id, r.body ->> 'employee_id' AS employee_id,
       l.value ->> 'id' AS id, l.value ->> 'date' AS date, l.value ->> 'half' AS half,
       l.value ->> 'leave_type_id' AS leave_type_id, l.value ->> 'minutes' AS minutes,
       l.value ->> 'value' AS value, coalesce(l.value ->> 'is_active', 1) AS is_active
FROM records r JOIN linked_accounts a ON a.no = r.account_no, json_each(r.body, '$.leaves') l
WHERE r.kind = 'absences' AND r.state = 'present';

CREATE VIEW absence_requests AS
SELECT a.id AS account_id, r.remote_id AS id, r.body ->> 'absence_id' AS absence_id,
       r.body ->> 'employee_id' AS employee_id, r.body ->> 'status' AS status,
       r.body ->> 'created_at' AS created_at, r.body
FROM records r JOIN linked_accounts a ON a.no = r.account_no
WHERE r.kind = 'absence_requests' AND r.state = 'present';
