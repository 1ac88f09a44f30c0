"""Generates types with openapi-typescript, compiles them in strict mode, and uses them with openapi-fetch."""

import shutil

from clients import DESCRIPTION, compile_typescript, packages, run_npm, service, use_typescript, workspace

with workspace() as folder:
    run_npm("openapi-typescript", DESCRIPTION, "--output", folder / "schema.d.ts")
    shutil.copy(packages() / "use.ts", folder)
    compile_typescript(folder, "--module", "nodenext")
    with service() as (url, key, account):
        use_typescript(folder, url, key, account)
