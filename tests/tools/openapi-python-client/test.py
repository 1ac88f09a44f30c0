"""Generates a client with openapi-python-client, checks it with `mypy --strict`, and uses it."""

import os
import pathlib
import sys
import tempfile

from clients import DESCRIPTION, run, service

HERE = pathlib.Path(__file__).parent
BIN = pathlib.Path(sys.executable).parent

with tempfile.TemporaryDirectory() as directory:
    folder = pathlib.Path(directory)
    project, script = folder / "project", folder / "use.py"
    # The generator formats its output with the Ruff that is installed with it.
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    generate = ["generate", "--path", DESCRIPTION, "--output-path", project, "--config", HERE / "config.yaml"]
    # A warning means that an operation is missing in the client.
    run(BIN / "openapi-python-client", *generate, "--fail-on-warning", cwd=folder, env=path)
    tags = [module.parent.name for module in (project / "lucca_client/api").glob("*/list_employees.py")]
    assert len(tags) == 1, f"one tag must have the operation list_employees: {tags}"
    script.write_text((HERE / "use.py").read_text(encoding="utf-8").replace("TAG", tags[0]), encoding="utf-8")

    run(sys.executable, "-m", "compileall", "-q", project, script)
    types = {"MYPYPATH": str(project)}
    run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "mypy", project / "lucca_client", script, env=types)
    with service() as (url, key, account):
        run(sys.executable, script, url, key, account, env={"PYTHONPATH": str(project)})
