"""The heart: which change makes which step run again, which does not, and what Pipeyard says about it.

Each case submits `prepare` → `train` twice with one change in between. The source directories are real ones, read by
the SDK, so that what the client leaves out of a snapshot is tested too. The plan of the second run must agree with it.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pipeyard._snapshots import take_snapshot

from tests.e2e.workspace import DATASTORE, Api, Ended, Flow, Json

PREPARE = """
import os
raw = os.environ["AZUREML_DATAREFERENCE_raw"]
text = " ".join(open(os.path.join(raw, name)).read() for name in sorted(os.listdir(raw))).strip()
open(os.environ["AZUREML_DATAREFERENCE_out"], "w").write(text)
"""
TRAIN = """
import os, sys
open(os.environ["AZUREML_DATAREFERENCE_model"], "w").write(" ".join(sys.argv[1:]))
if "AZUREML_DATAREFERENCE_extra" in os.environ:
    open(os.environ["AZUREML_DATAREFERENCE_extra"], "w").close()
"""
SECRETS = ("hunter2-before", "hunter2-after")


class Project:
    """A pipeline as its author has it on disk and in their head."""

    def __init__(self, flow: Flow, folder: Path) -> None:
        self.flow = flow
        self.api = flow.api
        self.root = folder / "project"
        self.data = f"{flow.name}/raw"
        self.parameters: Json = {"alpha": 0.5}
        self.declared: Json = {
            "alpha": {"type": "float", "default": 0.1},
            "unused": {"type": "string", "default": "a"},
        }
        self.fields: Json = {}
        self.request: Json = {}
        self.prepare: Json = {
            "name": "prepare",
            "settings": {"script_name": "prepare.py"},
            "inputs": {"raw": {"kind": "data_reference", "datastore": DATASTORE, "path": self.data}},
            "outputs": {"out": {}},
            "version": flow.token,
        }
        self.train: Json = {
            "name": "train",
            "settings": {"script_name": "train.py"},
            "inputs": {
                "data": {"kind": "pipeline_data", "step": "prepare", "output": "out"},
                "fixed": {"kind": "literal", "value": 3},
            },
            "outputs": {"model": {}},
            "arguments": ["--mode", "fast", "--alpha", {"parameter": "alpha"}, {"input": "data"}],
            "environment_variables": {"TOKEN": SECRETS[0]},
            "environment": {"pip_packages": ["numpy==1.26.0", "pandas"], "variables": {"THREADS": "1"}},
            "version": flow.token,
        }
        self.write("prepare/prepare.py", PREPARE)
        self.write("train/train.py", TRAIN)
        self.write("train/helper.py", "HELP = 1\n")
        self.write("train/notes/ideas.md", "one\n")
        self.write("train/.amlignore", "notes/\n*.tmp\n")
        self.upload("a.csv", b"1,2")
        self.upload("b.csv", b"3,4")

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def upload(self, name: str, data: bytes) -> None:
        self.api.upload(f"{self.data}/{name}", data)

    def snapshot(self, folder: str) -> str:
        """The snapshot that the SDK takes, registered."""
        local = take_snapshot(self.root / folder)
        registered = self.api.snapshot({file.path: local.sources[file.sha256].read_bytes() for file in local.files})
        assert registered == local.digest
        return registered

    def document(self) -> Json:
        steps = [
            {"snapshot": self.snapshot("prepare"), **self.prepare},
            {"snapshot": self.snapshot("train"), **self.train},
        ]
        return self.flow.definition(*steps, parameters=self.declared, **self.fields)

    def submit(self) -> Ended:
        run_id = self.api.submit(self.document(), parameters=self.parameters, **self.request)
        return self.api.wait(run_id).finished()

    def plan(self) -> dict[str, Json]:
        body = {"definition": self.document(), "parameters": self.parameters, **self.request}
        return {step["name"]: step for step in self.api.post("/api/plan", body)["steps"]}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One change.

    Attributes:
        prepare, train: Whether the step runs again.
        words: What the sentence about the step that runs (`train` if both do) must contain.
        differences: Kind and name of every difference of that step.
    """

    id: str
    change: Callable[[Project], object]
    prepare: bool = False
    train: bool = False
    words: tuple[str, ...] = ()
    differences: tuple[tuple[str, str], ...] = field(default=())


def turned(value: Any) -> Any:
    """The same document with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(each) for key, each in reversed(value.items())}
    return [turned(each) for each in value] if isinstance(value, list) else value


def rename_input(project: Project) -> None:
    project.train["inputs"]["table"] = project.train["inputs"].pop("data")
    project.train["arguments"][-1] = {"input": "table"}


def rename_steps(project: Project) -> None:
    project.prepare["name"] = "make data"
    project.train["name"] = "fit"
    project.train["inputs"]["data"]["step"] = "make data"


def turn_document(project: Project) -> None:
    project.prepare, project.train = turned(project.prepare), turned(project.train)
    project.declared = turned(project.declared)


def change_script_and_parameter(project: Project) -> None:
    project.write("train/train.py", TRAIN + "#")
    project.parameters["alpha"] = 0.9


def move_bytes_between_files(project: Project) -> None:
    project.upload("a.csv", b"1,2 3,4")
    project.upload("b.csv", b"")
    project.write("prepare/x", "x")


def retouch(project: Project) -> None:
    for file in (project.root / "train").rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))


def move(project: Project) -> None:
    project.root.rename(project.root.with_name("moved"))
    project.root = project.root.with_name("moved")


def check_out_elsewhere(project: Project) -> None:
    other = project.root.parent / "another" / "deep" / "checkout"
    shutil.copytree(project.root, other, copy_function=shutil.copyfile)
    shutil.rmtree(project.root)
    project.root = other


def leave_droppings(project: Project) -> None:
    project.write("train/__pycache__/helper.cpython-313.pyc", "compiled")
    project.write("train/.git/HEAD", "ref")
    project.write("train/scratch.tmp", "ignored by a pattern")
    (project.root / "train" / "empty").mkdir()


REUSED = (
    Case(id="nothing", change=lambda _: None),
    Case(id="default of an overridden parameter", change=lambda p: p.declared["alpha"].update(default=0.2)),
    Case(id="value given instead of an equal default", change=lambda p: p.parameters.update(unused="a")),
    Case(id="value of a parameter that no step uses", change=lambda p: p.parameters.update(unused="b")),
    Case(id="new parameter", change=lambda p: p.declared.update(more={"type": "int", "default": 1})),
    Case(id="description of a parameter", change=lambda p: p.declared["alpha"].update(description="rate")),
    Case(id="same bytes uploaded again", change=lambda p: p.upload("a.csv", b"1,2")),
    Case(id="labels of the step", change=lambda p: p.train.update(labels={"who": "me"})),
    Case(id="labels of the run", change=lambda p: p.request.update(labels={"ticket": "ML-7"})),
    Case(id="labels of the pipeline", change=lambda p: p.fields.update(labels={"team": "a"})),
    Case(id="description of the run", change=lambda p: p.request.update(description="again")),
    Case(id="description of the pipeline", change=lambda p: p.fields.update(description="better")),
    Case(id="experiment", change=lambda p: p.request.update(experiment_name=f"other_{p.flow.token}")),
    Case(id="timeout", change=lambda p: p.train.update(timeout_seconds=99)),
    Case(id="retry", change=lambda p: p.train.update(retry={"max_attempts": 3})),
    Case(id="run_after", change=lambda p: p.train.update(run_after=["prepare"])),
    Case(id="always_run", change=lambda p: p.train.update(always_run=True)),
    Case(id="limits", change=lambda p: p.fields.update(max_parallel_steps=1)),
    Case(id="compute target named", change=lambda p: p.train.update(compute_target="local")),
    Case(id="name of the environment", change=lambda p: p.train["environment"].update(name="training")),
    Case(id="names of the steps", change=rename_steps),
    Case(id="order of keys", change=turn_document),
    Case(id="ignored file changed", change=lambda p: p.write("train/notes/ideas.md", "two\n")),
    Case(id="ignored file added", change=lambda p: p.write("train/notes/more.md", "new\n")),
    Case(id="ignored file removed", change=lambda p: (p.root / "train/notes/ideas.md").unlink()),
    Case(id="times of files", change=retouch),
    Case(id="mode of a file", change=lambda p: (p.root / "train/train.py").chmod(0o755)),
    Case(id="directory moved", change=move),
    Case(id="another checkout", change=check_out_elsewhere),
    Case(id="caches and repositories", change=leave_droppings),
    Case(id="file written again", change=lambda p: p.write("train/train.py", TRAIN)),
)

DATA = {"input": "data"}
REORDERED = tuple(("argument", position) for position in "1234")

TRAIN_RUNS = (
    Case(
        id="a byte of the script",
        change=lambda p: p.write("train/train.py", TRAIN + "#"),
        words=("`train.py` changed",),
        differences=(("file", "train.py"),),
    ),
    Case(
        id="helper changed",
        change=lambda p: p.write("train/helper.py", "HELP = 2\n"),
        words=("`helper.py` changed",),
        differences=(("file", "helper.py"),),
    ),
    Case(
        id="helper added",
        change=lambda p: p.write("train/lib/more.py", ""),
        words=("`lib/more.py` added",),
        differences=(("file", "lib/more.py"),),
    ),
    Case(
        id="helper removed",
        change=lambda p: (p.root / "train/helper.py").unlink(),
        words=("`helper.py` removed",),
        differences=(("file", "helper.py"),),
    ),
    Case(
        id="helper renamed",
        change=lambda p: (p.root / "train/helper.py").rename(p.root / "train/help.py"),
        words=("`help.py` added", "`helper.py` removed"),
        differences=(("file", "help.py"), ("file", "helper.py")),
    ),
    Case(
        id="ignore rules",
        change=lambda p: p.write("train/.amlignore", "*.tmp\n"),
        words=("`.amlignore` changed", "`notes/ideas.md` added"),
        differences=(("file", ".amlignore"), ("file", "notes/ideas.md")),
    ),
    Case(
        id="argument changed",
        change=lambda p: p.train["arguments"].__setitem__(1, "slow"),
        words=('argument 2: "fast" → "slow"',),
        differences=(("argument", "2"),),
    ),
    Case(
        id="argument added",
        change=lambda p: p.train["arguments"].insert(0, "--new"),
        words=('argument 1 added ("--new")',),
        differences=(("argument", "1"),),
    ),
    Case(
        id="arguments reordered",
        change=lambda p: p.train.update(arguments=["--alpha", {"parameter": "alpha"}, "--mode", "fast", DATA]),
        words=('argument 1 added ("--alpha")', "argument 2 added (parameter `alpha`)"),
        differences=REORDERED,
    ),
    Case(
        id="number instead of text",
        change=lambda p: p.train["arguments"].__setitem__(1, 1),
        words=('argument 2: "fast" → 1',),
        differences=(("argument", "2"),),
    ),
    Case(
        id="parameter",
        change=lambda p: p.parameters.update(alpha=0.9),
        words=("parameter `alpha` 0.5 → 0.9",),
        differences=(("parameter", "alpha"),),
    ),
    Case(
        id="default of a parameter that is not given",
        change=lambda p: p.parameters.clear(),
        words=("parameter `alpha` 0.5 → 0.1",),
        differences=(("parameter", "alpha"),),
    ),
    Case(
        id="environment variable",
        change=lambda p: p.train["environment_variables"].update(TOKEN=SECRETS[1]),
        words=("environment variable `TOKEN` changed",),
        differences=(("environment_variable", "TOKEN"),),
    ),
    Case(
        id="environment variable added",
        change=lambda p: p.train["environment_variables"].update(MORE=SECRETS[1]),
        words=("environment variable `MORE` added",),
        differences=(("environment_variable", "MORE"),),
    ),
    Case(
        id="environment variable removed",
        change=lambda p: p.train["environment_variables"].clear(),
        words=("environment variable `TOKEN` removed",),
        differences=(("environment_variable", "TOKEN"),),
    ),
    Case(
        id="variable of the environment",
        change=lambda p: p.train["environment"]["variables"].update(THREADS=SECRETS[1]),
        words=("environment variable `THREADS` changed",),
        differences=(("environment_variable", "THREADS"),),
    ),
    Case(
        id="package",
        change=lambda p: p.train["environment"].update(pip_packages=["numpy==2.0.0", "pandas"]),
        words=("environment `pip_packages`", "numpy==1.26.0", "numpy==2.0.0"),
        differences=(("environment", "pip_packages"),),
    ),
    Case(
        id="Python",
        change=lambda p: p.train["environment"].update(python_version="3.13"),
        words=("environment `python_version`", "3.13"),
        differences=(("environment", "python_version"),),
    ),
    Case(
        id="image",
        change=lambda p: p.train["environment"].update(image="python:3.13"),
        words=("environment `image`", "python:3.13"),
        differences=(("environment", "image"),),
    ),
    Case(
        id="literal input",
        change=lambda p: p.train["inputs"]["fixed"].update(value=4),
        words=("input `fixed`: 3 → 4",),
        differences=(("input", "fixed"),),
    ),
    Case(
        id="input renamed",
        change=rename_input,
        words=("input `table` added", "input `data` removed"),
        differences=(("argument", "5"), ("input", "data"), ("input", "table")),
    ),
    Case(
        id="output added",
        change=lambda p: p.train["outputs"].update(extra={}),
        words=("output `extra` added",),
        differences=(("output", "extra"),),
    ),
    Case(
        id="version",
        change=lambda p: p.train.update(version=f"{p.flow.token}+1"),
        words=("version",),
        differences=(("version", "version"),),
    ),
    Case(
        id="several things at once",
        change=change_script_and_parameter,
        words=("`train.py` changed and parameter `alpha` 0.5 → 0.9",),
        differences=(("file", "train.py"), ("parameter", "alpha")),
    ),
)

PREPARE_RUNS_ONLY = (
    Case(
        id="script above that writes the same bytes",
        change=lambda p: p.write("prepare/prepare.py", PREPARE + "# refactored\n"),
        prepare=True,
        words=("`prepare.py` changed",),
        differences=(("file", "prepare.py"),),
    ),
    Case(
        id="bytes of an input that make no difference",
        change=move_bytes_between_files,
        prepare=True,
        words=("`x` added", "content of input `raw` changed"),
        differences=(("file", "x"), ("input", "raw")),
    ),
)

BOTH_RUN = (
    Case(id="bytes of an input", change=lambda p: p.upload("a.csv", b"9,9")),
    Case(id="file added to an input", change=lambda p: p.upload("c.csv", b"5,6")),
)


@pytest.fixture(scope="module")
def base(api: Api, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flow, Ended]:
    """A first run whose results every case that changes nothing may reuse."""
    folder = tmp_path_factory.mktemp("base")
    flow = Flow(api, folder)
    return flow, Project(flow, folder).submit()


@pytest.mark.parametrize("case", REUSED, ids=lambda case: case.id)
def test_what_is_reused(case: Case, base: tuple[Flow, Ended], tmp_path: Path) -> None:
    flow, first = base
    assert len(first.ran) == 2
    project = Project(flow, tmp_path)
    case.change(project)
    plan = project.plan()
    second = project.submit()
    assert second.ran == set(), {name: step["explanation"] for name, step in second.steps.items()}
    sources = [step["step_run_id"] for step in first.steps.values()]
    for (name, step), source in zip(second.steps.items(), sources, strict=True):
        assert step["source"] == source
        assert step["explanation"]["code"] == "reused"
        assert step["explanation"]["compared_with"] == source
        assert f"nothing changed since run {source[:8]}" in step["explanation"]["sentence"]
        assert plan[name]["action"] == "reuse"
        assert plan[name]["source"] == source
        assert plan[name]["explanation"] == step["explanation"]
    assert second.run["step_counts"] == {"Reused": 2}


@pytest.mark.parametrize("case", TRAIN_RUNS, ids=lambda case: case.id)
def test_what_makes_a_step_run(case: Case, flow: Flow, tmp_path: Path) -> None:
    project = Project(flow, tmp_path)
    first = project.submit()
    case.change(project)
    plan = project.plan()
    second = project.submit()
    assert second.ran == {"train"}
    assert second.reused == {"prepare"}
    explanation = second.steps["train"]["explanation"]
    check_explanation(case, explanation, first.steps["train"]["step_run_id"])
    assert plan["prepare"]["action"] == "reuse"
    assert plan["train"]["action"] == "run"
    assert plan["train"]["explanation"] == explanation
    assert flow.api.explain(second.run_id, "train") == {
        "step": "train",
        "status": "Finished",
        "reused": False,
        **explanation,
    }
    shown = json.dumps([plan, explanation, second.steps], ensure_ascii=False)
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("case", PREPARE_RUNS_ONLY, ids=lambda case: case.id)
def test_early_cut_off(case: Case, flow: Flow, tmp_path: Path) -> None:
    """A step that ran again but wrote the same bytes is the end of it: everything below is reused."""
    project = Project(flow, tmp_path)
    first = project.submit()
    case.change(project)
    plan = project.plan()
    second = project.submit()
    assert second.ran == {"prepare"}
    assert second.reused == {"train"}
    check_explanation(case, second.steps["prepare"]["explanation"], first.steps["prepare"]["step_run_id"])
    assert second.steps["train"]["source"] == first.steps["train"]["step_run_id"]
    assert plan["prepare"]["action"] == "run"
    assert plan["prepare"]["explanation"] == second.steps["prepare"]["explanation"]
    assert plan["train"]["action"] == "blocked"
    assert "`prepare`" in plan["train"]["explanation"]["sentence"]
    assert project.submit().ran == set()


@pytest.mark.parametrize("case", BOTH_RUN, ids=lambda case: case.id)
def test_other_bytes_above_make_the_steps_below_run(case: Case, flow: Flow, tmp_path: Path) -> None:
    project = Project(flow, tmp_path)
    first = project.submit()
    case.change(project)
    plan = project.plan()
    second = project.submit()
    assert second.ran == {"prepare", "train"}
    for step, name in (("prepare", "raw"), ("train", "data")):
        expected = Case(
            id="", change=case.change, words=(f"content of input `{name}` changed",), differences=(("input", name),)
        )
        check_explanation(expected, second.steps[step]["explanation"], first.steps[step]["step_run_id"])
    assert (plan["prepare"]["action"], plan["train"]["action"]) == ("run", "blocked")


def test_a_file_of_an_input_renamed(flow: Flow, tmp_path: Path, api: Api) -> None:
    """Paths below an input are part of its content, the input's own path is not."""
    project = Project(flow, tmp_path)
    project.submit()
    project.data = f"{flow.name}/copy"
    project.upload("a.csv", b"1,2")
    project.upload("b.csv", b"3,4")
    project.prepare["inputs"]["raw"]["path"] = project.data
    assert project.submit().ran == set()
    project.data = f"{flow.name}/renamed"
    project.upload("a.csv", b"1,2")
    project.upload("c.csv", b"3,4")
    project.prepare["inputs"]["raw"]["path"] = project.data
    assert project.submit().ran == {"prepare"}


def test_going_back_to_an_earlier_state_finds_the_earlier_result(flow: Flow, tmp_path: Path) -> None:
    project = Project(flow, tmp_path)
    first = project.submit()
    project.parameters["alpha"] = 0.9
    assert project.submit().ran == {"train"}
    project.parameters["alpha"] = 0.5
    third = project.submit()
    assert third.ran == set()
    assert third.steps["train"]["source"] == first.steps["train"]["step_run_id"]


def check_explanation(case: Case, explanation: Json, compared_with: str) -> None:
    assert explanation["code"] == "changed"
    assert explanation["compared_with"] == compared_with
    assert explanation["sentence"].startswith("Runs because ")
    for words in case.words:
        assert words in explanation["sentence"]
    assert sorted((each["kind"], each["name"]) for each in explanation["differences"]) == sorted(case.differences)
