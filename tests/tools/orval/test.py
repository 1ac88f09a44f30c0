"""Generates a client with orval, compiles it in strict mode, and uses it."""

import json
import shutil

from clients import COMMON_JS, DESCRIPTION, compile_typescript, packages, run_npm, service, use_typescript, workspace

with workspace() as folder, service() as (url, key, account):
    # orval writes the service's address into the client.
    output = {"target": str(folder / "client.ts"), "schemas": str(folder / "model"), "client": "fetch", "baseUrl": url}
    config = {"api": {"input": {"target": str(DESCRIPTION)}, "output": output}}
    (folder / "orval.config.mjs").write_text(f"export default {json.dumps(config)};\n", encoding="utf-8")
    run_npm("orval", "--config", folder / "orval.config.mjs", cwd=folder)
    shutil.copy(packages() / "use.ts", folder)
    compile_typescript(folder, *COMMON_JS)
    use_typescript(folder, url, key, account)
