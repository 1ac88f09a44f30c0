"""Generates a TypeScript client with openapi-generator's `typescript-fetch`, compiles it in strict mode, and uses it."""

import pathlib
import sys

from clients import COMMON_JS, DESCRIPTION, compile_typescript, packages, run, service, use_typescript, workspace

GENERATOR = pathlib.Path(sys.executable).with_name("openapi-generator-cli")

with workspace() as folder:
    run(GENERATOR, "generate", "--input-spec", DESCRIPTION, "--generator-name", "typescript-fetch", "--output", folder / "client")
    # The class is named after the tag of its operations.
    files = (folder / "client/apis").glob("*Api.ts")
    apis = [file.stem for file in files if "async listEmployees(" in file.read_text(encoding="utf-8")]
    assert len(apis) == 1, f"one tag must have the operation list_employees: {apis}"
    script = (packages() / "use.ts").read_text(encoding="utf-8").replace("EmployeesApi", apis[0])
    (folder / "use.ts").write_text(script, encoding="utf-8")
    # The generated code does not compile with stricter options than these.
    compile_typescript(folder, *COMMON_JS, strict=["--strict"])
    with service() as (url, key, account):
        use_typescript(folder, url, key, account)
