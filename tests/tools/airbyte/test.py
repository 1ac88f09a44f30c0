"""Parses every message of the source with the protocol's own models, and validates every record against its schema."""

import collections
import json

import jsonschema
from airbyte_protocol.models import AirbyteMessage, ConfiguredAirbyteCatalog, SyncMode, Type

from tenant import FIELDS, tenant


def messages(text):
    return [AirbyteMessage.model_validate_json(line) for line in text.splitlines()]


def configured(catalog, mode):
    streams = []
    for stream in catalog.streams:
        assert SyncMode(mode) in stream.supported_sync_modes, stream.name
        streams.append(
            {
                "stream": stream.model_dump(mode="json"),
                "sync_mode": mode,
                "destination_sync_mode": "append_dedup",
                "cursor_field": stream.default_cursor_field,
                "primary_key": stream.source_defined_primary_key,
            }
        )
    return ConfiguredAirbyteCatalog.model_validate({"streams": streams}).model_dump(mode="json")


def read(tenant, config, catalog, mode, state=None):
    path = tenant.write("catalog.json", configured(catalog, mode))
    more = [] if state is None else ["--state", tenant.write("state.json", state)]
    received = messages(tenant.run("airbyte", "read", "--config", config, "--catalog", path, *more))
    validators = {s.name: jsonschema.Draft7Validator(s.json_schema) for s in catalog.streams}
    records, states = collections.defaultdict(list), {}
    for message in received:
        if message.type == Type.RECORD:
            validators[message.record.stream].validate(message.record.data)
            records[message.record.stream].append(message.record.data)
        elif message.type == Type.STATE:
            states[message.state.stream.stream_descriptor.name] = message.state.model_dump(mode="json")
    assert set(states) == set(validators), "a stream without a state"
    return records, list(states.values())


with tenant() as tenant:
    (spec,) = messages(tenant.run("airbyte", "spec"))
    accepts = jsonschema.Draft7Validator(spec.spec.connectionSpecification)
    kept = {"from_store": {"data_dir": str(tenant.data)}}
    direct = {"tenant_url": tenant.url, "api_key": tenant.key, "allow_loopback": True, "requests_per_minute": 0}
    direct["fields"] = FIELDS
    catalogs = {}
    for name, config in [("kept", kept), ("direct", direct)]:
        accepts.validate(config)
        path = tenant.write(f"{name}.json", config)
        (status,) = messages(tenant.run("airbyte", "check", "--config", path))
        assert status.connectionStatus.status.value == "SUCCEEDED", status
        (discovered,) = messages(tenant.run("airbyte", "discover", "--config", path))
        for stream in discovered.catalog.streams:
            jsonschema.Draft7Validator.check_schema(stream.json_schema)
        catalogs[name] = (path, discovered.catalog)
    assert not accepts.is_valid({"tenant_url": tenant.url})

    path, catalog = catalogs["kept"]
    first, state = read(tenant, path, catalog, "incremental")
    for stream, records in first.items():
        assert {record["id"] for record in records} == set(tenant.stored(stream)), stream
    path, catalog = catalogs["direct"]
    whole, _ = read(tenant, path, catalog, "full_refresh")
    ours = lambda records: {r["id"]: {n: v for n, v in r.items() if not n.startswith("_lucca")} for r in records}
    for stream, records in first.items():
        assert ours(records) == ours(whole[stream]), stream

    moved, removed = tenant.change()
    path, catalog = catalogs["kept"]
    news, _ = read(tenant, path, catalog, "incremental", state)
    people = {record["id"]: record for record in news["employees"]}
    assert people[moved]["job_title"] == "Cheffe" and people[removed]["_lucca_state"] == "gone", people
    print(json.dumps({stream: len(records) for stream, records in first.items()}))
