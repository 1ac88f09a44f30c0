"""Generates a client with hey-api's openapi-ts, compiles it in strict mode, and uses it."""

import shutil

from clients import COMMON_JS, DESCRIPTION, STRICT, compile_typescript, packages, run_npm, service, use_typescript, workspace

# The client's own runtime does not compile with it.
LESS = [option for option in STRICT if option != "--exactOptionalPropertyTypes"]

with workspace() as folder:
    plugins = ["--plugins", "@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"]
    run_npm("openapi-ts", "--input", DESCRIPTION, "--output", folder / "client", *plugins, cwd=folder)
    shutil.copy(packages() / "use.ts", folder)
    compile_typescript(folder, *COMMON_JS, strict=LESS)
    with service() as (url, key, account):
        use_typescript(folder, url, key, account)
