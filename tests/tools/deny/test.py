"""Runs cargo-deny: all crates are from crates.io, under licences that deny.toml allows, and none is banned.

Known vulnerabilities are not checked here: their database is on GitHub, which a build machine may not reach.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]
CARGO_DENY = pathlib.Path(sys.executable).with_name("cargo-deny")

subprocess.run([CARGO_DENY, "--locked", "check", "bans", "licenses", "sources"], cwd=ROOT, check=True)
