-- Requests that were named by an idempotency key: what was answered is answered again for a day.

CREATE TABLE idempotency_keys (
    hash        BLOB PRIMARY KEY,            -- SHA-256 of who asked and the key
    request     BLOB NOT NULL,               -- SHA-256 of what was asked
    claim       BLOB NOT NULL,               -- whose turn it is to do it
    account_no  INTEGER REFERENCES linked_accounts (no) ON DELETE CASCADE, -- the account it is about
    answer      BLOB,                        -- sealed, see vault.rs; null while it is being done
    expires_ms  INTEGER NOT NULL             -- milliseconds since 1970
) WITHOUT ROWID;

CREATE INDEX idempotency_keys_to_forget ON idempotency_keys (expires_ms);
