"""What people see in a terminal: the view of a run, and the bars of transfers. The terminal is a real one (a pty)."""

import os
import pty
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.e2e.workspace import Server

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

RUN = """
from pipeyard.core import Workspace
from pipeyard.pipeline.core import Pipeline
from pipeyard.pipeline.steps import PythonScriptStep
from pipeyard.widgets import RunDetails

workspace = Workspace(url={url!r})
step = PythonScriptStep("work.py", "work", source_directory={folder!r}, allow_reuse=False)
RunDetails(Pipeline(workspace, [step]).submit("view-{token}")).show()
print("the script goes on")
"""

TRANSFER = """
from pipeyard.core import Workspace

store = Workspace(url={url!r}).get_default_datastore()
store.upload({folder!r}, "view-{token}", overwrite=True)
store.download({folder!r} + "/copy", prefix="view-{token}")
"""


def in_terminal(script: str, place: Path) -> str:
    """What a terminal of 120 columns shows of a script, without its escapes."""
    program = place / "program.py"
    program.write_text(script)
    master, slave = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env
    ) as job:
        os.close(slave)
        shown = b""
        while piece := _read(master):
            shown += piece
    os.close(master)
    text = ESCAPES.sub("", shown.decode())
    assert job.returncode == 0, text
    return text


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # Linux' way of saying that the other side has closed
        return b""


@pytest.fixture
def facts(server: Server, tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "src"
    folder.mkdir()
    return {"url": server.facts["url"], "folder": str(folder), "token": uuid.uuid4().hex[:10]}


def test_a_run_is_followed_in_a_terminal(facts: dict[str, str], tmp_path: Path):
    Path(facts["folder"], "work.py").write_text("import time; time.sleep(2)")
    shown = in_terminal(RUN.format(**facts), tmp_path)
    pictures = re.findall(r"in view-\w+: (\w+), (\d) of 1 steps finished", shown)
    assert ("Running", "0") in pictures
    assert pictures[-1] == ("Finished", "1")
    assert re.search(r"work +Finished", shown)
    assert shown.rstrip().endswith("the script goes on")


def test_transfers_show_how_far_they_are(facts: dict[str, str], tmp_path: Path):
    Path(facts["folder"], "big.bin").write_bytes(os.urandom(12 << 20))
    shown = in_terminal(TRANSFER.format(**facts), tmp_path)
    for word in ("Uploading to", "Downloading from"):
        assert re.search(rf"{word} workspaceblobstore .*12\.6/12\.6 MB", shown), shown
    assert "Uploaded 1 of 1 files to workspaceblobstore/view-" in shown
