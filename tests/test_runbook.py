"""Commands in the pages on operations are commands of ours, with options that they have."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pipeyard.cli.app import app
from typer.main import get_command

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("observability.md", "runbook.md", "operations.md")


def commands(page: str) -> list[str]:
    text = (DOCS / page).read_text()
    inline = re.findall(r"`(pipeyard [^`]+)`", text)
    return sorted({*inline, *re.findall(r"^ *(pipeyard .+)$", text, re.MULTILINE)})


@pytest.mark.parametrize("line", [line for page in PAGES for line in commands(page)])
def test_a_command_exists_with_its_options(line: str):
    command: Any = get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known, line


def test_the_runbook_has_ten_entries_that_say_everything():
    _, *entries = re.split(r"^## ", (DOCS / "runbook.md").read_text(), flags=re.MULTILINE)
    assert len(entries) == 10
    for entry in entries:
        parts = re.findall(r"^- \*\*(\w+)\.\*\*", entry, re.MULTILINE)
        assert parts == ["Symptom", "Look", "Cause", "Cure"], entry[:40]
