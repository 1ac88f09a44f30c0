"""Compares all outputs of one store, record by record: with each other, and with the tenant's own facts.

A tenant is synced, changes, and is synced again. Then third-party software reads every output: an HTTP client, an SQL
client, DuckDB, the csv module, a receiver that verifies with the library of Standard Webhooks. An output is a method
that returns records by stream and id; add another one to OUTPUTS.
"""

import collections
import csv
import datetime
import json
import pathlib
import sqlite3
import subprocess
import sys
import time
import urllib.request

import duckdb

from service import Killable, Service, free_port
from tenant import tenant

# The API's paths of the streams that it lists.
LISTS = {
    "employees": "employees",
    "employments": "employments",
    "departments": "departments",
    "establishments": "establishments",
    "legal_units": "legal-units",
    "job_qualifications": "job-qualifications",
    "occupation_categories": "occupation-categories",
    "absences": "absences",
    "custom_field_definitions": "custom-field-definitions",
}
VIEWS = ["employees", "employments", "departments", "establishments", "legal_units", "absences", "absence_requests"]
# Members that the API adds to the model, and those that only some streams have.
OF_API = {"state", "updated_at"}
OF_STREAM = {"employees": {"status"}, "absences": {"status", "starts_on", "ends_on"}}
RECEIVER = pathlib.Path(__file__).parent.parent / "webhooks/receiver.py"


def plain(value):
    """Drops nulls and our own members: absent, null and an empty list are equal."""
    if isinstance(value, dict):
        members = {name: plain(member) for name, member in value.items() if not name.startswith("_lucca_")}
        return {name: member for name, member in members.items() if member is not None}
    if isinstance(value, list):
        return [plain(item) for item in value] or None
    return value


def by_id(records):
    found = {}
    for record in records:
        assert record["id"] not in found, f"{record['id']} twice"
        found[record["id"]] = plain(record)
    return found


class Agreement:
    def __init__(self, tenant, service):
        self.tenant, self.service = tenant, service
        (account,) = json.loads(tenant.run("accounts", "list", "--json"))
        self.account, self.last_change = account["id"], account["last_change"]
        self.base = f"/v1/linked-accounts/{self.account}"
        self.config = tenant.write("config.json", {"from_store": {"data_dir": str(tenant.data)}})
        self.columns = {}

    def export(self, format):
        """Exports every stream; returns its file and columns by stream."""
        folder = self.tenant.dir / format
        output = self.tenant.run("export", "--all", "--format", format, "--to", folder, "--json")
        files = {file["stream"]: file for file in json.loads(output)["files"]}
        return {stream: (folder / file["path"], file["columns"]) for stream, file in files.items()}

    def jsonl(self):
        found = {}
        for stream, (path, columns) in self.export("jsonl").items():
            found[stream] = by_id(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
            self.columns[stream] = {column["name"]: column["type"] for column in columns}
        return found

    def csv(self):
        def value(text, type_):
            if text == "":
                return None
            return text if type_ in ("text", "date", "timestamp", "timestamp with time zone") else json.loads(text)

        found = {}
        for stream, (path, columns) in self.export("csv").items():
            types = {column["name"]: column["type"] for column in columns}
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            found[stream] = by_id({name: value(text, types[name]) for name, text in row.items()} for row in rows)
        return found

    def parquet(self):
        duck, found = duckdb.connect(), {}
        for stream, (path, columns) in self.export("parquet").items():
            names = [column["name"] for column in columns]
            is_json = [column["type"] == "json" for column in columns]
            rows = duck.sql(f"SELECT * EXCLUDE (_lucca_deleted_at), NULL FROM read_parquet('{path}')").fetchall()
            read = lambda value, json_: json.loads(value) if json_ and value is not None else value
            found[stream] = by_id(dict(zip(names, map(read, row, is_json))) for row in rows)
        return found

    def fetch(self, path, accept):
        request = urllib.request.Request(f"http://127.0.0.1:{self.service.port}{path}")
        request.add_header("authorization", f"Bearer {self.service.token.read_text().strip()}")
        request.add_header("accept", accept)
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def of_api(self, stream, records):
        more = OF_API | OF_STREAM.get(stream, set())
        return by_id({name: value for name, value in record.items() if name not in more} for record in records)

    def api(self):
        found = {}
        for stream, name in LISTS.items():
            records, cursor = [], ""
            while cursor is not None:
                page = json.loads(self.fetch(f"{self.base}/{name}?limit=37{cursor}", "application/json"))
                records += page["items"]
                cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
            found[stream] = self.of_api(stream, records)
        return found

    def ndjson(self):
        found = {}
        for stream, name in LISTS.items():
            lines = self.fetch(f"{self.base}/{name}", "application/x-ndjson").splitlines()
            found[stream] = self.of_api(stream, map(json.loads, lines))
        return found

    def airbyte(self):
        lines = self.tenant.run("airbyte", "discover", "--config", self.config).splitlines()
        (catalog,) = [json.loads(line)["catalog"] for line in lines if '"CATALOG"' in line]
        streams = [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
            for stream in catalog["streams"]
        ]
        path = self.tenant.write("configured.json", {"streams": streams})
        found = {stream["name"]: [] for stream in catalog["streams"]}
        for line in self.tenant.run("airbyte", "read", "--config", self.config, "--catalog", path).splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                found[message["record"]["stream"]].append(message["record"]["data"])
        return {stream: by_id(records) for stream, records in found.items()}

    def singer(self):
        found = collections.defaultdict(list)
        for line in self.tenant.run("tap", "--config", self.config).splitlines():
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                found[message["stream"]] += []
            elif message["type"] == "RECORD":
                found[message["stream"]].append(message["record"])
        return {stream: by_id(records) for stream, records in found.items()}

    def sql(self):
        found = {}
        database = sqlite3.connect(f"file:{self.tenant.data / 'connector.db'}?mode=ro", uri=True)
        for view in VIEWS:
            rows = database.execute(f"SELECT id, body FROM {view} WHERE linked_account_id = ?", [self.account]).fetchall()
            found[view] = by_id(json.loads(body) | {"id": id} for id, body in rows)
        return found

    def webhooks(self):
        """The records of a receiver after a replay from the beginning."""
        port, file = free_port(), self.tenant.dir / "received.jsonl"
        endpoint = {"url": f"http://127.0.0.1:{port}/", "payload": "full", "linked_account_id": self.account}
        made = self.service.request("POST", "/v1/webhook-endpoints", endpoint)
        receiver = Killable(port, [sys.executable, str(RECEIVER), str(port), made["secret"], str(file)])
        try:
            receiver.revive()
            self.service.request("POST", f"/v1/webhook-endpoints/{made['id']}/replay", {"after_seq": 0})
            undelivered = {"working_days", "user_log_entries"}
            lines = self.tenant.run("changes", "--after", "0", "--json").splitlines()
            wanted = {change["seq"] for change in map(json.loads, lines) if change["kind"] not in undelivered}
            until, events = time.monotonic() + 120, []
            while not wanted <= {event.get("sequence") for event in events if event.get("log") == "changes"}:
                assert time.monotonic() < until, "not all was delivered"
                time.sleep(0.5)
                text = file.read_text(encoding="utf-8") if file.exists() else ""
                received = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
                assert not [line for line in received if "refused" in line], "a delivery is not genuine"
                events = [line["event"] for line in received]
        finally:
            receiver.kill()
        found = collections.defaultdict(dict)
        for event in sorted((e for e in events if e.get("log") == "changes"), key=lambda e: e["sequence"]):
            kind, id = event["data"]["kind"], event["data"]["id"]
            if event["type"].rsplit(".", 1)[1] in ("deleted", "excluded", "erased", "hidden"):
                found[kind].pop(id, None)
            elif event["data"]["record"] is not None:
                found[kind][id] = plain(event["data"]["record"])
        return found


# To add an output, write a method that returns its records by stream and id, and add its name here.
OUTPUTS = ["csv", "parquet", "api", "ndjson", "airbyte", "singer", "sql", "webhooks"]


def same(reference, value):
    """Whether a value equals the JSON value; Parquet's dates and times are compared as such, to the microsecond."""
    if isinstance(value, datetime.datetime):
        whole, _, fraction = reference.rstrip("Z").partition(".")
        return datetime.datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}") == value
    if isinstance(value, datetime.date):
        return reference == value.isoformat()
    if isinstance(value, dict):
        return isinstance(reference, dict) and reference.keys() == value.keys() and all(
            same(reference[name], member) for name, member in value.items()
        )
    if isinstance(value, list):
        return isinstance(reference, list) and len(reference) == len(value) and all(map(same, reference, value))
    return reference == value and isinstance(reference, bool) == isinstance(value, bool)


def compare(name, reference, found):
    compared = 0
    for stream, records in found.items():
        wanted = reference[stream]
        assert records.keys() == wanted.keys(), (name, stream, records.keys() ^ wanted.keys())
        for id, record in records.items():
            assert same(wanted[id], record), (name, stream, id, wanted[id], record)
            compared += 1
    return compared


def text(value):
    return (value or "").strip() or None


def truth(snapshot, found):
    """Compares the export with the tenant's own facts; returns the number of compared records."""
    ids = lambda id: None if id is None else str(id)
    first = min(leave["date"] for one in found["absences"].values() for leave in one["leaves"])

    def facts(stream, wanted, fields):
        stored = {id: {name: record.get(name) for name in fields} for id, record in found[stream].items()}
        assert stored == wanted, (stream, {id for id in stored.keys() | wanted.keys() if stored.get(id) != wanted.get(id)})
        return len(wanted)

    count = facts(
        "employees",
        {
            str(user["id"]): {
                "first_name": text(user["firstName"]),
                "last_name": text(user["lastName"]),
                "work_email": text(user["mail"]),
                "employee_number": text(user["employeeNumber"]),
                "job_title": text(user["jobTitle"]),
                "department_id": ids(user["departmentId"]),
                "manager_id": ids(user["managerId"]),
                "establishment_id": ids(user["establishmentId"]),
                "contract_start": user["startsOn"],
                "contract_end": user["endsOn"],
            }
            for user in snapshot["users"]
        },
        ["first_name", "last_name", "work_email", "employee_number", "job_title", "department_id", "manager_id"]
        + ["establishment_id", "contract_start", "contract_end"],
    )
    statuses = {id: record["status"] for id, record in found["people"].items()}
    assert statuses == {str(user["id"]): user["status"] for user in snapshot["users"]}
    count += facts(
        "employments",
        {
            str(one["id"]): {
                "employee_id": ids(one["ownerId"]),
                "establishment_id": ids(one["establishmentId"]),
                "starts_on": one["startsOn"],
                "ends_on": one["endsOn"],
                "is_applicable": one["isApplicable"],
            }
            for one in snapshot["contracts"]
        },
        ["employee_id", "establishment_id", "starts_on", "ends_on", "is_applicable"],
    )
    count += facts(
        "departments",
        {
            str(one["id"]): {
                "name": text(one["name"]),
                "parent_id": ids(one["parentId"]),
                "head_id": ids(one["headId"]),
                "is_active": one["isActive"],
            }
            for one in snapshot["departments"]
        },
        ["name", "parent_id", "head_id", "is_active"],
    )
    count += facts(
        "establishments",
        {
            str(one["id"]): {
                "name": text(one["name"]),
                "legal_unit_id": ids(one["legalUnitId"]),
                "is_archived": one["isArchived"],
            }
            for one in snapshot["establishments"]
        },
        ["name", "legal_unit_id", "is_archived"],
    )
    # Half-days before the first synced day are left out.
    halves = {
        leave["id"]: (
            ids(leave["leavePeriodId"]),
            ids(leave["ownerId"]),
            leave["date"],
            "am" if leave["am"] else "pm",
            ids(leave["accountId"]),
            leave["minutes"],
            leave["isActive"],
        )
        for leave in snapshot["leaves"]
        if leave["date"] >= first
    }
    stored = {
        leave["id"]: (
            id,
            absence["employee_id"],
            leave["date"],
            leave["half"],
            leave.get("leave_type_id"),
            leave.get("minutes"),
            leave.get("is_active", True),
        )
        for id, absence in found["absences"].items()
        for leave in absence["leaves"]
    }
    assert stored == halves, {id for id in stored.keys() | halves.keys() if stored.get(id) != halves.get(id)}
    codes = {"pending": 0, "approved": 2, "denied": 3, "cancelled": 4, "cancellation_pending": 5}
    requests = {
        str(one["id"]): (ids(one["leavePeriodId"]), ids(one["ownerId"]), one["status"])
        for one in snapshot["leaveRequests"]
    }
    stored = {
        id: (one["absence_id"], one["employee_id"], codes[one["status"]]) for id, one in found["absence_requests"].items()
    }
    assert stored == requests, {id for id in stored.keys() | requests.keys() if stored.get(id) != requests.get(id)}
    return count + len(halves) + len(requests)


with tenant() as tenant:
    tenant.change()
    for seed in range(3):
        tenant.request("POST", "/live", {"steps": 25, "seed": seed})
        tenant.sync()
    service = Service(tenant.data)
    try:
        service.revive()
        agreement = Agreement(tenant, service)
        reference = agreement.jsonl()
        counts = {"truth": truth(tenant.request("GET", "/snapshot"), reference)}
        for name in OUTPUTS:
            counts[name] = compare(name, reference, getattr(agreement, name)())
            assert counts[name] > 100, counts
    finally:
        service.kill()
    print(counts)
