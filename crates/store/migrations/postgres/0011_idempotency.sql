-- Requests that were named by an idempotency key: what was answered is answered again for a day. The same table as
-- SQLite's twelfth migration makes.

CREATE TABLE idempotency_keys (
    hash        BYTEA PRIMARY KEY,
    request     BYTEA NOT NULL,
    claim       BYTEA NOT NULL,
    account_no  BIGINT REFERENCES linked_accounts (no) ON DELETE CASCADE,
    answer      BYTEA,
    expires_ms  BIGINT NOT NULL
);

CREATE INDEX idempotency_keys_to_forget ON idempotency_keys (expires_ms);
