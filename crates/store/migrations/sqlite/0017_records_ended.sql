-- What retention looks for among all records: those that are no longer there, or no longer seen.
CREATE INDEX records_ended ON records (updated_at) WHERE state IN ('gone', 'hidden');
