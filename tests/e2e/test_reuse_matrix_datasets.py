"""The heart, for datasets and data paths: which change of them makes a step run again, and what Pipeyard says.

Each case runs a step twice with one change in between. The plan of the second run must agree with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.workspace import DATASTORE, Api, Flow, Json

TABLE = {"format": {"kind": "delimited"}}
FILES = {"a.csv": b"a", "sub/b.csv": b"b"}


@dataclass
class Case:
    """A step that reads data, as its author has it in mind."""

    flow: Flow
    sources: list[str] = field(default_factory=list)
    view: Json = field(default_factory=dict)
    kind: str = "dataset"
    mode: str = "mount"
    name: str | None = None
    by_parameter: bool = False

    @property
    def folder(self) -> str:
        return f"{self.flow.name}/data"

    def upload(self, folder: str, **files: bytes) -> None:
        for path, data in {**FILES, **{name.replace("__", "/"): data for name, data in files.items()}}.items():
            self.flow.api.upload(f"{folder}/{path}", data)

    def request(self) -> Json:
        """What is submitted now."""
        value: Json = {"datastore": DATASTORE, "path": self.sources[0]}
        if self.kind == "dataset":
            sources = [{"datastore": DATASTORE, "path": path} for path in self.sources]
            body = {"definition": {"sources": sources, "view": self.view}, "name": self.name}
            answer = self.flow.api.http.post("/api/datasets", json=body)
            assert answer.is_success, answer.text
            value = {"dataset_id": answer.json()["dataset_id"]}
        mode = {"mode": self.mode} if self.kind == "dataset" else {}
        source: Json = {"kind": self.kind, **mode, "parameter": "data"}
        if self.kind == "dataset" and not self.by_parameter:
            source = {"kind": "dataset", **mode, **value}
        step = self.flow.step("read", "out()", inputs={"data": source})
        parameters = {"data": {"type": self.kind, "default": value}} if "parameter" in source else {}
        return {"definition": self.flow.definition(step, parameters=parameters)}


def nothing(case: Case) -> None:
    """Submit again."""


def registered(case: Case) -> None:
    case.name = f"set {case.flow.token}"


def another_place(case: Case) -> None:
    case.upload(f"{case.flow.name}/copy")
    case.sources = [source.replace("/data", "/copy") for source in case.sources]


def touched(case: Case) -> None:
    case.upload(case.folder)


def other_bytes(case: Case) -> None:
    case.upload(case.folder, **{"sub__b.csv": b"other"})


def another_file(case: Case) -> None:
    case.upload(case.folder, **{"sub__new.csv": b"new"})


def beside_the_pattern(case: Case) -> None:
    case.upload(case.folder, **{"sub__notes.txt": b"new"})


def change(**fields: Any) -> Callable[[Case], None]:
    def apply(case: Case) -> None:
        for name, value in fields.items():
            assert hasattr(case, name)
            setattr(case, name, value)

    return apply


CONTENT = "content of dataset input `data` changed"
CASES: list[tuple[str, Json, Callable[[Case], None], str | None]] = [
    ("the same again", {}, nothing, None),
    ("a name", {}, registered, None),
    ("by parameter", {}, change(by_parameter=True), None),
    ("the same files elsewhere", {}, another_place, None),
    ("the same bytes written again", {}, touched, None),
    ("a table elsewhere", {"view": TABLE}, another_place, None),
    ("other bytes", {}, other_bytes, CONTENT),
    ("one more file", {}, another_file, CONTENT),
    ("one more file that the pattern leaves out", {"pattern": "/**/*.csv"}, beside_the_pattern, None),
    ("one more file that the pattern takes", {"pattern": "/**/*.csv"}, another_file, CONTENT),
    ("a format", {}, change(view=TABLE), "the way of reading dataset input `data` changed"),
    (
        "a transformation",
        {"view": TABLE},
        change(view={**TABLE, "transformations": [{"operation": "take", "arguments": {"count": 3}}]}),
        "the way of reading dataset input `data` changed",
    ),
    ("a mode", {}, change(mode="direct"), "dataset input `data`: mode mount → mode direct"),
    ("paths that make columns", {"view": {**TABLE, "include_path": True}}, another_place, CONTENT),
    ("a data path again", {"kind": "data_path"}, nothing, None),
    ("a data path elsewhere", {"kind": "data_path"}, another_place, None),
    ("other bytes at a data path", {"kind": "data_path"}, other_bytes, "content of input `data` changed"),
]


@pytest.mark.parametrize(("fields", "change", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_decides(flow: Flow, api: Api, fields: Json, change: Callable[[Case], None], words: str | None) -> None:
    pattern = fields.get("pattern", "")
    case = Case(flow, **{name: value for name, value in fields.items() if name != "pattern"})
    case.sources = [case.folder + pattern]
    case.upload(case.folder)
    api.wait(api.post("/api/runs", case.request(), status=201)["run_id"]).finished()
    change(case)
    request = case.request()
    (planned,) = api.post("/api/plan", request)["steps"]
    ended = api.wait(api.post("/api/runs", request, status=201)["run_id"]).finished()
    step = ended.steps["read"]
    assert step["reused"] == (words is None), step["explanation"]["sentence"]
    assert planned["action"] == ("reuse" if words is None else "run")
    assert planned["explanation"]["sentence"] == step["explanation"]["sentence"]
    assert words is None or words in step["explanation"]["sentence"]
