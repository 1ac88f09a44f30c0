"""Kills and restarts two receivers and `serve` at random. The receivers verify with the Python and JavaScript libraries of
Standard Webhooks: every change arrives at both, genuine, in order per record, and repeated only under the same id."""

import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import time

from service import Killable, Service, free_port
from tenant import BINARY, tenant

HERE = pathlib.Path(__file__).parent
ROUNDS = 16


class Receiver(Killable):
    """A receiver, its endpoint, and the webhooks it accepted."""

    def __init__(self, tenant, service, name, interpreter, script):
        self.file, port = tenant.dir / f"{name}.jsonl", free_port()
        endpoint = {"url": f"http://127.0.0.1:{port}/{name}", "payload": "full" if name == "python" else "thin"}
        made = service.request("POST", "/v1/webhook-endpoints", endpoint)
        self.name, self.endpoint = name, f"/v1/webhook-endpoints/{made['id']}"
        super().__init__(port, [interpreter, str(script), str(port), made["secret"], str(self.file)])

    def taken(self):
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        # A receiver killed while writing leaves half a line, and has not accepted the webhook.
        received = [json.loads(line) for line in lines if line.endswith("}")]
        assert not [line for line in received if "refused" in line], "the library refuses a delivery"
        return received


def check(receiver, changes):
    """Checks the webhooks so far; returns whether all changes have arrived, and the number of webhooks."""
    bodies, order, known = {}, collections.defaultdict(list), set()
    for delivery in receiver.taken():
        event = delivery["event"]
        place = (event["type"], event.get("log"), event.get("sequence"))
        assert bodies.setdefault(delivery["id"], place) == place, "an id of two events"
        if event.get("log") == "changes" and delivery["id"] not in known:
            order[event["data"]["kind"], event["data"]["id"]].append(event["sequence"])
        known.add(delivery["id"])
    assert len(set(bodies.values())) == len(bodies), "an event under two ids"
    for record, sequences in order.items():
        assert sequences == sorted(sequences), (receiver.name, record, sequences)
    delivered = {sequence for _, log, sequence in bodies.values() if log == "changes"}
    undelivered = {"working_days", "user_log_entries"}
    return {change["seq"] for change in changes if change["kind"] not in undelivered} <= delivered, len(bodies)


def sync(tenant):
    """Syncs, and waits while `serve` is syncing; a killed `serve` holds the account until its lease expires."""
    command = [BINARY, "--data-dir", str(tenant.data), "sync", "--json"]
    until = time.monotonic() + 120
    while (done := subprocess.run(command, capture_output=True, text=True)).returncode != 0:
        assert '"sync.busy"' in done.stdout + done.stderr and time.monotonic() < until, done
        time.sleep(0.5)


def run(tenant, processes):
    dice = random.Random(6)
    service = Service(tenant.data)
    processes.append(service)
    service.revive()
    account = service.request("GET", "/v1/linked-accounts")["items"][0]["id"]
    first = service.request("GET", f"/v1/linked-accounts/{account}/changes?limit=1000")
    node = pathlib.Path(os.environ["LUCCA_CONNECTOR_NODE"]) / "receiver.mjs"
    receivers = [
        Receiver(tenant, service, "python", sys.executable, HERE / "receiver.py"),
        Receiver(tenant, service, "javascript", "node", node),
    ]
    processes += receivers
    for receiver in receivers:
        receiver.revive()
        assert service.request("POST", f"{receiver.endpoint}/test")["delivered"], receiver.name
    people = [str(person["id"]) for person in tenant.request("GET", "/people?status=active")]
    killed = 0
    for round in range(ROUNDS):
        for person in dice.sample(people, 3):
            tenant.request("PATCH", f"/people/{person}", {"jobTitle": f"Poste {round}.{dice.randrange(9)}"})
        sync(tenant)
        time.sleep(dice.random())
        for process in processes:
            if dice.random() < 0.4:
                process.kill()
                killed += 1
        time.sleep(dice.random())
        for process in processes:
            if dice.random() < 0.7:
                process.revive()
    # A replay delivers the same webhooks again under their earlier ids.
    for process in processes:
        process.revive()
    for receiver in receivers:
        replay = {"linked_account_id": account, "log": "changes", "after_seq": first["next_after"]}
        service.request("POST", f"{receiver.endpoint}/replay", replay)
    path, changes = f"/v1/linked-accounts/{account}/changes?limit=1000&after=", []
    while True:
        page = service.request("GET", path + str(changes[-1]["seq"] if changes else first["next_after"]))
        changes += page["items"]
        if not page["has_more"]:
            break
    assert sum(change["kind"] == "employees" for change in changes) > ROUNDS, "no employee changed"
    until = time.monotonic() + 120
    while True:
        results = [check(receiver, changes) for receiver in receivers]
        if all(is_complete for is_complete, _ in results):
            break
        assert time.monotonic() < until, "not everything arrives"
        for receiver in receivers:
            service.request("PATCH", receiver.endpoint, {"enabled": True})
        time.sleep(1)
    deliveries = {receiver.name: len(receiver.taken()) for receiver in receivers}
    print(f"{len(changes)} changes, {results[0][1]} events, {killed} killed, deliveries: {deliveries}")


with tenant() as tenant:
    processes = []
    try:
        run(tenant, processes)
    finally:
        for process in processes:
            process.kill()
