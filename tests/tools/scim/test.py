"""Provisions scim2-server and reads it back with scim2-client: every user and every group equals the tenant's own facts,
after the first push, and after people were hired, moved, renamed, terminated and removed. A dry run writes nothing, a
second push sends nothing, drift lists manual changes, and a push reverts them."""

import json
import pathlib
import sys
import urllib.parse
import urllib.request

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation

from service import Killable, free_port
from tenant import tenant

TOKEN = "a-token-of-the-test"


class Truth:
    """All people by the tenant's own API, and the active ones by its control surface."""

    def __init__(self, tenant):
        fields = "id,firstName,lastName,mail,login,jobTitle,employeeNumber,manager.id,department[id,name],legalEntity[id,name]"
        query = urllib.parse.urlencode({"fields": fields, "formerEmployees": "true", "paging": "0,1000"})
        request = urllib.request.Request(f"{tenant.url}/api/v3/users?{query}")
        request.add_header("authorization", f"lucca application={tenant.key}")
        with urllib.request.urlopen(request) as answer:
            people = json.load(answer)["data"]["items"]
        self.people = {str(person["id"]): person for person in people}
        self.active = {str(person["id"]) for person in tenant.request("GET", "/people?status=active")}

    def group_of(self, id):
        return (self.people[id].get("department") or {}).get("name")


def plain(text):
    """A text without surrounding blanks; null counts as empty."""
    return (text or "").strip()


def everything(client, model):
    found, start = [], 1
    while True:
        page = client.query(model, query_parameters={"startIndex": start, "count": 50})
        found += page.resources or []
        if not page.resources or len(found) >= page.total_results:
            return found
        start = len(found) + 1


def compare(client, truth, ever):
    """Checks that active employees are active users, former ones inactive users, and that groups match."""
    user_model, group_model = client.get_resource_model("User"), client.get_resource_model("Group")
    users = {user.external_id: user for user in everything(client, user_model)}
    ids = {user.id: external for external, user in users.items()}
    assert len(ids) == len(users), "a user twice"
    # Users are named by mail address, else by their Lucca login.
    named = {id for id in truth.active if truth.people[id].get("mail") or truth.people[id].get("login")}
    ever |= named
    assert set(users) == ever, (set(users) - ever, ever - set(users))
    extension = next(iter(user_model.get_extension_models().values()))
    for external, user in users.items():
        assert user.active == (external in named), external
        if external not in named:
            continue
        person = truth.people[external]
        assert user.user_name == (person["mail"] or person["login"]), external
        assert [email.value for email in user.emails or []] == [mail for mail in [person["mail"]] if mail], external
        assert plain(user.name.given_name) == plain(person["firstName"]), external
        assert plain(user.name.family_name) == plain(person["lastName"]), external
        assert plain(user.title) == plain(person["jobTitle"]), external
        enterprise = user[extension]
        assert plain(enterprise.employee_number) == plain(person["employeeNumber"]), external
        assert plain(enterprise.department) == plain(person["department"]["name"]), external
        assert plain(enterprise.division) == plain(person["legalEntity"]["name"]), external
        manager = str((person.get("manager") or {}).get("id") or "")
        # Lucca stores people without a manager as their own manager.
        expected = manager if manager in users and manager != external else None
        has = ids.get(enterprise.manager.value) if enterprise.manager else None
        assert has == expected, (external, has, expected)
    members = {}
    for id in named:
        members.setdefault(truth.group_of(id), set()).add(id)
    for group in everything(client, group_model):
        has = {ids[member.value] for member in group.members or []}
        assert has == members.pop(group.display_name, set()), group.display_name
    assert not members, f"no groups: {list(members)}"
    return users


def push(tenant, *flags):
    return json.loads(tenant.run("scim", "push", "--allow-loopback", "--json", *flags))["summary"]


def run(tenant, server, client):
    tenant.run("scim", "add", f"http://127.0.0.1:{server.port}/v2", "--allow-loopback", "--token-stdin", stdin=TOKEN)
    planned = push(tenant, "--dry-run")
    user_model = client.get_resource_model("User")
    assert planned["created"] > 0 and not everything(client, user_model), "a dry run writes"
    done = push(tenant)
    assert done["created"] == planned["created"] and not done["failed"], done
    ever = set()
    users = compare(client, Truth(tenant), ever)
    again = push(tenant)
    assert again["unchanged"] == done["created"] and not any(again[what] for what in ("created", "updated", "adopted")), again

    people = [person for person in tenant.request("GET", "/people?status=active") if str(person["id"]) in users]
    moved, renamed, leaving, removed = (str(person["id"]) for person in people[5:9])
    other = next(one["departmentId"] for one in people if one["departmentId"] != people[5]["departmentId"])
    tenant.request("PATCH", f"/people/{moved}", {"departmentId": other, "jobTitle": "Cheffe"})
    tenant.request("PATCH", f"/people/{renamed}", {"lastName": "Nouveau-Nom"})
    today = tenant.request("GET", "/clock")["now"][:10]
    tenant.request("PATCH", f"/people/{leaving}", {"endsOn": "2020-01-31", "startsOn": "2019-01-01"})
    tenant.request("DELETE", f"/people/{removed}")
    hire = {"firstName": "Ada", "lastName": "Nouvelle", "mail": "ada.nouvelle@horizon.example", "startsOn": today}
    hire |= {"departmentId": other, "managerId": int(moved)}
    tenant.request("POST", "/people", hire)
    tenant.sync()
    changed = push(tenant)
    assert changed["created"] == 1 and changed["deactivated"] >= 2 and not changed["failed"], changed
    compare(client, Truth(tenant), ever)

    drift = json.loads(tenant.run("scim", "drift", "--allow-loopback", "--json"))
    assert not drift["different"] and not drift["missing"] and not drift["unowned"], drift
    by_hand = [PatchOperation(op="replace", path="title", value="Edited by hand")]
    client.modify(user_model, users[moved].id, PatchOp[user_model](operations=by_hand))
    stranger = client.create(user_model(user_name="stranger@elsewhere.example"))
    drift = json.loads(tenant.run("scim", "drift", "--allow-loopback", "--json"))
    assert [one["id"] for one in drift["different"]] == [moved], drift
    assert [one["remote_id"] for one in drift["unowned"]] == [stranger.id], drift
    mended = push(tenant)
    assert mended["updated"] == 1 and mended["created"] == 0, mended
    client.delete(user_model, stranger.id)
    compare(client, Truth(tenant), ever)
    print(len(users), "users,", changed, mended)


with tenant() as tenant:
    port = free_port()
    program = pathlib.Path(sys.executable).with_name("scim2-server")
    server = Killable(port, [program, "--port", str(port), "--bearer-token", TOKEN])
    server.revive()
    try:
        http = httpx2.Client(base_url=f"http://127.0.0.1:{port}/v2", headers={"Authorization": f"Bearer {TOKEN}"})
        client = SyncSCIMClient(http)
        client.discover()
        run(tenant, server, client)
    finally:
        server.kill()
