"""PyAirbyte runs the binary as a source into DuckDB, in full and then incrementally."""

import os
import warnings

# No requests to the internet, and no telemetry.
os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1", "AIRBYTE_DISABLE_TELEMETRY": "1"}
warnings.simplefilter("ignore")

import airbyte
import duckdb

from tenant import BINARY, tenant

with tenant() as tenant:
    # PyAirbyte expects an executable with the commands spec, check, discover and read.
    source = tenant.dir / "source-lucca"
    source.write_text(f'#!/bin/sh\nexec "{BINARY}" airbyte "$@"\n')
    source.chmod(0o755)
    config = {"from_store": {"data_dir": str(tenant.data)}}
    source = airbyte.get_source("source-lucca", local_executable=source, config=config)
    source.check()
    source.select_all_streams()
    cache = airbyte.DuckDBCache(db_path=str(tenant.dir / "loaded.duckdb"), cache_dir=str(tenant.dir / "cache"))
    first = source.read(cache=cache)
    counts = {name: len(list(first[name])) for name in source.get_selected_streams()}
    for name, count in counts.items():
        assert count == len(tenant.stored(name)), name

    moved, removed = tenant.change()
    news = source.read(cache=cache)
    assert 2 <= news.processed_records < 40, news.processed_records
    again = source.read(cache=cache)
    assert again.processed_records == 0, again.processed_records
    cache.get_sql_engine().dispose()

    loaded = duckdb.connect(str(tenant.dir / "loaded.duckdb"), read_only=True)
    people = dict(loaded.sql("SELECT id, job_title FROM employees WHERE _lucca_deleted_at IS NULL").fetchall())
    stored = {id: record["job_title"] for id, record in tenant.stored("employees").items()}
    assert people == stored and people[moved] == "Cheffe" and removed not in people
    (since,) = loaded.sql("SELECT count(*) FROM employees WHERE contract_start > DATE '2000-01-01'").fetchone()
    assert since > 0, "dates are no dates"
    print(counts)
