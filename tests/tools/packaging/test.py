"""Checks packaging/ with its target tools: Kubernetes' schemas, hadolint, promtool, CycloneDX's schema, and the binary,
which must accept every command line of a unit, a container or a manifest.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

BINARY = pathlib.Path(os.environ["LUCCA_CONNECTOR_BIN"])
ROOT = pathlib.Path(__file__).parents[3]
PACKAGING = ROOT / "packaging"
TARGET = BINARY.parents[1]


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document is not None]


YAML = {path: documents(path) for path in sorted(PACKAGING.rglob("*.yaml"))}
MANIFESTS = [one for path, all in YAML.items() if "kubernetes" in path.parts for one in all]
VERSION = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def containers(manifest):
    pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return pod.get("containers", [])


def command_lines():
    """Every command line for the binary, with its location."""
    for service, settings in YAML[PACKAGING / "compose.yaml"][0]["services"].items():
        if settings["image"].startswith("lucca-connector:"):
            yield f"compose: {service}", settings["command"]
    for manifest in MANIFESTS:
        for container in containers(manifest):
            yield f"{manifest['kind']} {manifest['metadata']['name']}", container["args"]
    dockerfile = (PACKAGING / "Dockerfile").read_text()
    yield "Dockerfile", json.loads(re.search(r"^CMD (.*)$", dockerfile, re.MULTILINE)[1])
    for unit in sorted((PACKAGING / "systemd").glob("*.service")):
        text = unit.read_text()
        variables = dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))
        line = re.search(r"^ExecStart=/usr/bin/lucca-connector (.*)$", text, re.MULTILINE)[1].replace("%i", "9191")
        yield unit.name, shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda found: variables[found[1]], line))
    # Proposed in the comments of packaging/env.
    yield "env", ["serve", "--no-workers"]


def is_taken(arguments):
    """Whether the binary accepts the arguments; with --help it then only shows its help."""
    done = subprocess.run([BINARY, *arguments, "--help"], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def check_command_lines():
    assert not is_taken(["serve", "--nonsense"])[0] and not is_taken(["serve", "--listen", "here"])[0]
    lines = list(command_lines())
    assert len(lines) >= 10, lines
    for where, arguments in lines:
        taken, errors = is_taken(arguments)
        assert taken, f"{where}: {arguments}: {errors}"


def check_manifests():
    assert {one["kind"] for one in MANIFESTS} == {
        *("ConfigMap", "Secret", "Deployment", "Service", "Job"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"),
    }
    for manifest in MANIFESTS:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
        for container in containers(manifest):
            pod = manifest["spec"]["template"]["spec"]["securityContext"]
            own = container["securityContext"]
            assert pod["runAsNonRoot"] and pod["runAsUser"] != 0, manifest
            assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"], manifest
    images = [container["image"] for manifest in MANIFESTS for container in containers(manifest)]
    images += [settings["image"] for settings in YAML[PACKAGING / "compose.yaml"][0]["services"].values()]
    ours = {image for image in images if image.startswith("lucca-connector:")}
    assert ours == {f"lucca-connector:{VERSION}"}, ours
    rule = YAML[PACKAGING / "prometheus/adapter.yaml"][0]["rules"]["external"][0]
    scaled = next(one for one in MANIFESTS if one["kind"] == "HorizontalPodAutoscaler")
    assert scaled["spec"]["metrics"][0]["external"]["metric"]["name"] == rule["name"]["as"]


def metrics():
    """The known metrics: the kind of each, whether it is stored or counted, and its labels."""
    lines = (PACKAGING / "prometheus/metrics.txt").read_text().splitlines()
    split = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: (kind, where, set(",".join(labels).split(",")) - {""}) for name, kind, where, *labels in split}


# Labels that Prometheus adds to every metric, and to histograms.
ADDED = {"job", "instance", "namespace", "le"}


def check_expression(where, expression, known):
    """Checks that the metrics exist with the queried labels, and that exactly the counted ones are in a rate."""
    named = re.findall(r"(\w+\(\s*)?\b(lucca_connector_\w+?)(_bucket|_sum|_count)?\b(?!\w)(\{[^}]*\})?", expression)
    assert named or "label_values" in expression, f"{where}: {expression}"
    labels = set()
    for function, name, suffix, selector in named:
        name = name if name in known else name + suffix
        assert name in known, f"{where}: there is no {name}"
        kind, kept, own = known[name]
        assert (kind == "histogram") == bool(suffix), f"{where}: {name} is a {kind}: {expression}"
        is_rated = function.strip() in ("rate(", "increase(")
        assert is_rated == (kept == "counted" and kind != "gauge"), f"{where}: {name} is {kept}: {expression}"
        queried = set(re.findall(r"(\w+)\s*(?:=~|!=|=)", selector))
        assert queried <= own | ADDED, f"{where}: {name} has no {queried - own - ADDED}"
        labels |= own
    for by in re.findall(r"\bby\s*\(([^)]*)\)", expression):
        grouped = set(re.split(r"\s*,\s*", by.strip()))
        assert grouped <= labels | ADDED, f"{where}: by {grouped}: {expression}"
    return {name if name in known else name + suffix for _, name, suffix, _ in named}


def check_monitoring():
    known = metrics()
    dashboard = json.loads((PACKAGING / "grafana/dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24, "panels that overlap"
    expressions = [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]
    shown = set().union(*(check_expression(*one, known) for one in expressions))
    assert shown == set(known), f"no panel shows {set(known) - shown}"
    for group in YAML[PACKAGING / "prometheus/alerts.yaml"][0]["groups"]:
        for rule in group["rules"]:
            check_expression(rule["alert"], rule["expr"], known)
    tested = YAML[PACKAGING / "prometheus/alerts.test.yaml"][0]["tests"]
    for series in (series["series"] for test in tested for series in test["input_series"]):
        name = re.sub(r"_bucket$", "", series.split("{")[0])
        assert name in known, f"alerts.test.yaml: there is no {name}"
    return expressions


def promtool():
    """promtool; if missing, fetched from Debian without installing it. None if that fails."""
    if there := shutil.which("promtool"):
        return there
    folder = TARGET / "tools/prometheus"
    fetched = folder / "usr/bin/promtool"
    if not fetched.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        folder.mkdir(parents=True, exist_ok=True)
        commands = ["apt-get update -qq", "apt-get download -qq prometheus", "dpkg-deb -x prometheus_*.deb ."]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # The package lists may be recent enough even if they can't be updated.
        script = f"{commands[1]} || {{ {commands[0]}; {commands[1]}; }} && {commands[2]}"
        subprocess.run(["sh", "-c", script], cwd=folder, **quiet, check=False)
    return fetched if fetched.exists() else None


def check_with_promtool(expressions):
    tool = promtool()
    if tool is None:
        print("packaging: promtool was SKIPPED: install Debian's package `prometheus`")
        return
    folder = PACKAGING / "prometheus"
    for arguments in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]):
        subprocess.run([tool, *arguments], cwd=folder, check=True)
    # The dashboard's expressions as rules, with Grafana's variables replaced.
    rules = [
        {"record": f"panel:{n}", "expr": expr.replace("$__rate_interval", "5m").replace("$job", ".*")}
        for n, (_, expr) in enumerate(expressions)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        subprocess.run([tool, "check", "rules", file.name], check=True)


def check_bill():
    """Checks the bill of materials of `cargo xtask dist --profile dev`, which `cargo xtask test` runs before."""
    for bill in (TARGET / "dist").rglob("*.cdx.json"):
        text = bill.read_text()
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        assert wrong is None, f"{bill.name}: {wrong}"
        components = json.loads(text)["components"]
        names = {component["name"] for component in components}
        assert {"sqlx", "axum", "libsqlite3-sys", "sync"} <= names and "wiremock" not in names, names
        assert all("licenses" in component for component in components)


check_command_lines()
check_manifests()
check_with_promtool(check_monitoring())
check_bill()
hadolint = pathlib.Path(sys.executable).with_name("hadolint")
subprocess.run([hadolint, PACKAGING / "Dockerfile"], check=True)
