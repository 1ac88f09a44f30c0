-- Lucca counts a request for up to two minutes, and its 429s ask for a slower rate. The version before keeps one minute in
-- `sent`; what is in either list counts.
ALTER TABLE request_budgets ADD COLUMN counted BIGINT[] NOT NULL DEFAULT '{}';          -- milliseconds of two minutes
ALTER TABLE request_budgets ADD COLUMN slow_until_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE request_budgets ADD COLUMN throttled_since_ms BIGINT NOT NULL DEFAULT 0;    -- the stretch of 429s; 0: none
ALTER TABLE request_budgets ADD COLUMN throttled_last_ms BIGINT NOT NULL DEFAULT 0;
