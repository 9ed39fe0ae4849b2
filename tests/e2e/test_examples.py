"""The examples and the guide run as they are written, against a real workspace."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

from tests.e2e.workspace import Server

ROOT = Path(__file__).parents[2]
V1_STYLE = ROOT / "examples/v1_style"
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES = {
    "data_dependency": ["accuracy: 0.9", "reused: ['evaluate', 'prepare', 'train']"],
    "pipeline_parameter": ["depth of the first run: 3", "depth of the REST run: 4", "that are active: False"],
    "data_path": ["sample_string1", "sample1.txt", "sample_string2", "sample2.txt"],
    "dataset_parameter": ["iris 1 150", "rows: 150", "rows: 10"],
    "module_step": ["['1']", "7.0 product 5.0 = 35.0"],
    "drafts": ["['word_draft']", "second", "word_draft_2 Active"],
    "versioned_endpoint": ["['0', '1'] default: 0", "default: 1 show_second", "over REST"],
    "schedules": ["weekly Active ['Monday', 'Friday']", "Disabled", "['watch', 'weekly_2']", "last run: None"],
}
"""What each script must have printed in the end."""


def test_every_script_is_tested():
    assert {path.stem for path in V1_STYLE.glob("*.py")} - {"setup_workspace"} == set(LINES)


@pytest.mark.parametrize("name", LINES)
def test_a_script_in_v1s_style(server: Server, name: str, tmp_path: Path):
    done = run_python(server, [str(V1_STYLE / f"{name}.py")], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in LINES[name] if line not in done.stdout] == [], done.stdout


def test_the_guide(server: Server, tmp_path: Path):
    blocks = PYTHON_BLOCK.findall((ROOT / "docs/guide.md").read_text())
    (tmp_path / "guide.py").write_text("\n".join(blocks))
    done = run_python(server, ["guide.py"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "threshold" in done.stdout


def run_python(server: Server, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, "PIPEYARD_URL": server.facts["url"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
    )


def test_the_notebook(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PIPEYARD_URL", server.facts["url"])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(ROOT / "examples/notebooks/iris.ipynb", as_version=4)
    resources = {"metadata": {"path": str(ROOT / "examples/notebooks")}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    shown = "".join(str(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert "9 of 9 steps finished" in shown
