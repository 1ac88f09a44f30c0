"""Reads the files of `export` with DuckDB: Parquet with its types, CSV and JSON lines; in full, then the changes; from a
folder, and from an S3 server. Checks that the manifest is true of each file."""

import hashlib
import json
import os
import subprocess

import boto3
import duckdb
from moto.server import ThreadedMotoServer

from tenant import BINARY, tenant

FORMATS = ["csv", "jsonl", "parquet"]
TYPES = {
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "json": "JSON",
}
duck = duckdb.connect()
duck.sql("SET TimeZone = 'UTC'")


def rows(format, path):
    """A file's records as DuckDB reads them, as dictionaries."""
    if format == "csv":
        # All columns as text, so that a file without rows reads the same.
        source = f"read_csv('{path}', all_varchar = true, header = true)"
    elif format == "jsonl":
        source = f"read_ndjson_objects('{path}')"
        return [json.loads(row[0]) for row in duck.sql(f"SELECT json FROM {source}").fetchall()]
    else:
        source = f"read_parquet('{path}')"
    result = duck.sql(f"SELECT * FROM {source}")
    return [dict(zip(result.columns, row)) for row in result.fetchall()]


def check(manifest, read):
    """Checks size and hash of every file against the manifest."""
    for file in manifest["files"]:
        content = read(file["path"])
        assert len(content) == file["bytes"] and hashlib.sha256(content).hexdigest() == file["sha256"], file["path"]


def export(tenant, folder, format, *more):
    manifest = json.loads(tenant.run("export", "--all", "--format", format, "--to", folder, "--json", *more))
    seq = manifest["from_seq"]
    name = "manifest.json" if seq is None else f"manifest.since-{seq}.json"
    assert json.loads((folder / name).read_text(encoding="utf-8")) == manifest
    check(manifest, lambda path: (folder / path).read_bytes())
    found = {}
    for file in manifest["files"]:
        records = rows(format, folder / file["path"])
        assert len(records) == file["rows"], file["path"]
        found[file["stream"]] = records
        if format == "parquet":
            types = duck.sql(f"DESCRIBE SELECT * FROM read_parquet('{folder / file['path']}')").fetchall()
            assert [name for name, *_ in types] == [column["name"] for column in file["columns"]]
            for (name, type_, *_), column in zip(types, file["columns"]):
                if column["type"] == "list":
                    assert type_.endswith("[]"), (name, type_)
                elif column["type"] == "object":
                    assert type_.startswith("STRUCT("), (name, type_)
                else:
                    assert type_ == TYPES[column["type"]], (name, type_)
    return manifest, found


with tenant() as tenant:
    folder = tenant.dir / "files"
    first = {format: export(tenant, folder / format, format) for format in FORMATS}
    for format, (manifest, found) in first.items():
        for stream, records in found.items():
            ids = [record["id"] for record in records]
            wanted = "employees" if stream == "people" else stream
            assert len(ids) == len(set(ids)) and set(ids) == set(tenant.stored(wanted)), (format, stream)
            assert {record["_lucca_state"] for record in records} <= {"present"}, (format, stream)

    # Dates and times support arithmetic; lists can be unnested.
    parquet = folder / "parquet"
    ((days,),) = duck.sql(
        f"SELECT max(date_diff('day', contract_start, modified_at::DATE)) FROM '{parquet}/employees.parquet'"
    ).fetchall()
    assert days > 0
    ((half_days, listed),) = duck.sql(
        f"""SELECT (SELECT count(*) FROM (SELECT unnest(leaves) AS half FROM '{parquet}/absences.parquet')
                   WHERE half.is_active IS NULL OR half.is_active),
                   (SELECT sum(half_days) FROM '{parquet}/absences.parquet')"""
    ).fetchall()
    assert half_days == listed > 0
    statuses = dict(duck.sql(f"SELECT status, count(*) FROM '{parquet}/people.parquet' GROUP BY 1").fetchall())
    assert statuses == {name: count for name, count in tenant.truth["by_status"].items() if count}, statuses

    # A byte-order mark for Excel, and line ends by RFC 4180.
    tenant.run("export", "employees", "--format", "csv", "--to", folder / "excel", "--bom")
    text = (folder / "excel/employees.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfid,") and text.count(b"\r\n") >= len(first["csv"][1]["employees"]) + 1

    moved, removed = tenant.change()
    for format in FORMATS:
        manifest, found = first[format]
        seq = manifest["to_seq"]
        news, changed = export(tenant, folder / format, format, "--since", seq)
        assert news["from_seq"] == seq < news["to_seq"]
        people = {record["id"]: record for record in changed["employees"]}
        assert people[moved]["job_title"] == "Cheffe" and people[removed]["_lucca_state"] == "gone", people
        assert people[removed]["_lucca_deleted_at"] and len(people) < 40
        # The first export, updated by the changes, equals the store.
        for stream, records in changed.items():
            if stream == "people":
                assert [file["is_full"] for file in news["files"] if file["stream"] == "people"] == [True]
                continue
            merged = {record["id"]: record for record in found[stream]}
            merged |= {record["id"]: record for record in records}
            merged = {id for id, record in merged.items() if record["_lucca_state"] == "present"}
            assert merged == set(tenant.stored(stream)), (format, stream)
        nothing, empty = export(tenant, folder / format, format, "--since", news["to_seq"])
        assert not any(records for stream, records in empty.items() if stream != "people"), format

    # An object store, configured by the variables of its own tools. Large files are uploaded in parts.
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-west-3",
        "AWS_ENDPOINT": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    s3 = boto3.client(
        "s3",
        endpoint_url=settings["AWS_ENDPOINT"],
        region_name="eu-west-3",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket="people", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})

    def to_s3(bucket, format):
        command = [BINARY, "--data-dir", str(tenant.data), "export", "--all", "--format", format, "--json"]
        command += ["--to", f"s3://{bucket}/lucca/{format}"]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)

    for format in FORMATS:
        done = to_s3("people", format)
        assert done.returncode == 0, done
        manifest = json.loads(done.stdout)
        read = lambda name: s3.get_object(Bucket="people", Key=f"lucca/{format}/{name}")["Body"].read()
        assert json.loads(read("manifest.json")) == manifest
        check(manifest, read)
    refused = to_s3("missing-bucket", "csv")
    assert refused.returncode == 2 and json.loads(refused.stdout)["error"]["code"] == "export.object_store", refused
    server.stop()
    print({stream: len(records) for stream, records in first["parquet"][1].items()})
