"""What tools for templates, queries and shell scripts say; `./dev check` runs it. Standard library only.

checkov and shellcheck come from .venv-tools. The Bicep compiler is in no package registry, so it has its say only where
`bicep` or the Azure CLI is installed; everywhere else the tests in tests/infra look at the templates' structure.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra import queries

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv-tools" / "bin"
SKIP = re.compile(r"//checkov:skip=(\w+):(.+)")


def main() -> int:
    """Run every tool and say what is wrong; 0 when nothing is."""
    faults = [*_shellcheck(), *_checkov(), *queries.faults(queries.all_queries()), *bicep_faults()]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def report_faults(report: dict[str, Any], skips: set[tuple[str, str]]) -> list[str]:
    """What is wrong in a report of checkov.

    Args:
        report: Its JSON.
        skips: (file name, check) of every skip that the templates name.
    """
    results = report["results"]
    faults = [f"checkov cannot parse {path}" for path in results["parsing_errors"]]
    for each in results["failed_checks"]:
        place = f"{each['file_path'].lstrip('/')}:{each['file_line_range'][0]}"
        faults.append(f"{place}: {each['check_id']}: {each['check_name']} ({each['resource']})")
    used = {(Path(each["file_path"]).name, each["check_id"]) for each in results["skipped_checks"]}
    faults += [f"{name}: the skip of {check} is not needed any more" for name, check in sorted(skips - used)]
    if report["summary"]["resource_count"] == 0:
        faults.append("checkov has found no resources")
    return faults


def bicep_faults() -> list[str]:
    """What the compiler and its linter say, where there is one."""
    command = _compiler()
    if command is None:
        print("bicep: not installed, so the templates were not compiled (tests/infra looks at their structure)")
        return []
    faults = []
    for template in ("main.bicep", "event-subscription.bicep"):
        path = str(ROOT / "infra" / template)
        file = [path] if command[0] == "bicep" else ["--file", path]
        for verb in (["build", *file, "--stdout"], ["lint", *file]):
            done = _run([*command, *verb])
            if done.returncode != 0:
                faults.append(done.stderr)
    return faults


def _shellcheck() -> list[str]:
    scripts = [*sorted((ROOT / "infra/hooks").glob("*.sh")), ROOT / "dev", ROOT / ".ci/run"]
    done = _run([str(TOOLS / "shellcheck"), "--external-sources", *map(str, scripts)])
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def _checkov() -> list[str]:
    templates = sorted((ROOT / "infra").rglob("*.bicep"))
    skips = {(path.name, found[1]) for path in templates for found in SKIP.finditer(path.read_text(encoding="utf-8"))}
    # Offline, and for templates only: everything else in the repository has checks of its own.
    command = [str(TOOLS / "checkov"), "--directory", str(ROOT / "infra"), "--framework", "bicep", "--output", "json"]
    done = _run([*command, "--skip-download", "--soft-fail"])
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return [f"checkov has failed:\n{done.stdout}{done.stderr}"]
    return report_faults(report, skips)


def _compiler() -> list[str] | None:
    if shutil.which("bicep"):
        return ["bicep"]
    # `az bicep` offers to download a compiler: ask only for one that is there.
    if shutil.which("az") and _run(["az", "bicep", "version"]).returncode == 0:
        return ["az", "bicep"]
    return None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
