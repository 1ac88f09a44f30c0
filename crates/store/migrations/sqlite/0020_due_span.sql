-- How far away `due_ms` may be for the rhythm it was set by: one that is further away was set by a clock that was wrong. A day
-- at least, so that what the version before writes beside it is never taken for that.
ALTER TABLE linked_accounts ADD COLUMN due_span_ms INTEGER NOT NULL DEFAULT 86400000;
