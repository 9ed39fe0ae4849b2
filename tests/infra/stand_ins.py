"""Stand-ins for `az`, `azd`, `curl` and Python's pip: they record how they are called and say what a test tells them.

`az` refuses commands and options that the Azure CLI (2.91) does not have.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASICS = ("bash", "cat", "cksum", "date", "dirname", "mkdir", "rm", "sleep")

AZ_OPTIONS = {
    "account show": (),
    "ad app create": ("--display-name", "--sign-in-audience", "--requested-access-token-version", "--app-roles"),
    "ad app list": ("--filter",),
    "ad app update": ("--id", "--identifier-uris"),
    "ad signed-in-user show": (),
    "ad sp create": ("--id",),
    "ad sp show": ("--id",),
    "deployment group create": ("--name", "--resource-group", "--subscription", "--template-file", "--parameters"),
    "eventgrid system-topic event-subscription delete": (
        *("--name", "--system-topic-name", "--resource-group", "--subscription", "--yes"),
    ),
    "functionapp keys list": ("--name", "--resource-group", "--subscription"),
    "provider register": ("--namespace", "--wait", "--subscription"),
    "rest": ("--method", "--uri", "--body"),
}
GLOBAL_OPTIONS = ("--output", "--query")

_STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path({folder!r})
tool, arguments = Path(sys.argv[0]).name, sys.argv[1:]
with (folder / "calls.jsonl").open("a") as log:
    log.write(json.dumps([tool, *arguments]) + "\\n")
answers = json.loads((folder / "answers.json").read_text())
line = " ".join([tool, *arguments])
for answer in answers:
    if answer["when"] in line and answer["times"] != 0:
        answer["times"] -= 1
        (folder / "answers.json").write_text(json.dumps(answers))
        sys.stdout.write(answer["out"])
        sys.stderr.write(answer["error"])
        for name in answer["makes"]:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text("")
        sys.exit(answer["code"])
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what the hooks need, and the tools that they find there and nowhere else."""

    folder: Path

    def tell(self, *answers: dict[str, Any]) -> None:
        """What the tools answer: the first one whose `when` is part of the command and whose `times` are not over."""
        blank = {"out": "", "error": "", "code": 0, "times": -1, "makes": []}
        (self.folder / "answers.json").write_text(json.dumps([blank | answer for answer in answers]))

    def run(self, hook: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shutil.which("bash") or "bash", str(self.folder / "infra/hooks" / hook)],
            env={"PATH": str(self.folder / "bin"), **environment},
            cwd=os.sep,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, tool: str | None = None) -> list[list[str]]:
        """Every call so far, oldest first."""
        log = self.folder / "calls.jsonl"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        for call in calls:
            if call[0] == "az":
                _check_az(call[1:])
        return [call for call in calls if tool in {None, call[0]}]

    def forget_calls(self) -> None:
        (self.folder / "calls.jsonl").unlink(missing_ok=True)

    def without(self, tool: str) -> None:
        (self.folder / "bin" / tool).unlink()


def make_checkout(folder: Path) -> Checkout:
    shutil.copytree(ROOT / "infra", folder / "infra")
    shutil.copy(ROOT / "requirements.txt", folder)
    tools = folder / "bin"
    tools.mkdir()
    for name in BASICS:
        found = shutil.which(name)
        assert found is not None, name
        (tools / name).symlink_to(found)
    for name in ("az", "azd", "curl", "python3"):
        (tools / name).write_text(_STAND_IN.format(python=sys.executable, folder=str(folder)))
        (tools / name).chmod(0o755)
    checkout = Checkout(folder)
    checkout.tell()
    return checkout


def _check_az(arguments: list[str]) -> None:
    words = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        words.append(argument)
    command = " ".join(words)
    assert command in AZ_OPTIONS, command
    options = {argument for argument in arguments if argument.startswith("--")}
    assert options <= {*AZ_OPTIONS[command], *GLOBAL_OPTIONS}, arguments
