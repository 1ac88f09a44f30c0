"""Loads the tap's output with target-jsonl, which validates each record: everything, then the changes."""

import json
import pathlib
import subprocess
import sys

import singer

from tenant import tenant


def load(tenant, folder, output):
    """Loads an output with the target, and returns the state that it prints."""
    config = tenant.write("target.json", {"destination_path": str(folder), "do_timestamp_file": False})
    target = pathlib.Path(sys.executable).with_name("target-jsonl")
    done = subprocess.run([target, "-c", config], input=output, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    # The target prints no state if a record came after it.
    return json.loads(done.stdout)


def loaded(folder, stream):
    lines = (folder / f"{stream}.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


with tenant() as tenant:
    config = tenant.write("config.json", {"from_store": {"data_dir": str(tenant.data)}})
    catalog = singer.catalog.Catalog.from_dict(json.loads(tenant.run("tap", "--config", config, "--discover")))
    for stream in catalog.streams:
        singer.Schema.from_dict(stream.schema.to_dict())
    # The catalog as singer-python writes it.
    path = tenant.write("catalog.json", catalog.to_dict())
    output = tenant.run("tap", "--config", config, "--catalog", path)
    messages = [singer.parse_message(line) for line in output.splitlines()]
    assert all(messages), "a message that singer-python doesn't know"

    folder = tenant.dir / "loaded"
    state = load(tenant, folder, output)
    for stream in (entry.tap_stream_id for entry in catalog.streams):
        assert set(loaded(folder, stream)) == set(tenant.stored(stream)), stream

    moved, removed = tenant.change()
    state = tenant.write("state.json", state)
    news = tenant.dir / "news"
    load(tenant, news, tenant.run("tap", "--config", config, "--catalog", path, "--state", state))
    people = loaded(news, "employees")
    assert people[moved]["job_title"] == "Cheffe" and people[removed]["_lucca_state"] == "gone", people
    print(len(messages), "messages")
