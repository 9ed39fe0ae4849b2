"""Runs that are under way when the app is upgraded: recorded histories are replayed to today's orchestrators.

A history is what an orchestration was told and what it asked for, turn by turn, under some version. Code that asks for
something else in the same place would end such a run with an error.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from local.host_settings import default_version
from orchestrators.run_step import run_step
from shared.core import names
from tests.golden.replay import HISTORIES, ORCHESTRATORS, goes_on, is_whole, load, replayed

ROOT = Path(__file__).parents[1]
FILES = sorted(HISTORIES.glob("*/*.json"))
ADVICE = (
    "A run of version {version} that is under way would fail or go astray. Keep its path (branch on `ctx.version`), "
    "raise `defaultVersion` in host.json, and record the new one: python -m tests.golden.record_histories"
)
RECORD = "Record version {version}: python -m tests.golden.record_histories"
WATCHER = 4
"""A number for `sys.monitoring` that no known tool takes."""

# The durable library warns once per process about its own converter.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def example(orchestrator: str, scenario: str) -> dict[str, Any]:
    return load(next(path for path in FILES if path.stem.startswith(f"{orchestrator}.{scenario}.")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recorded_history_can_go_on_with_todays_code(path: Path) -> None:
    history = load(path)
    assert history["version"] == path.parent.name
    assert is_whole(history)
    for turn in history["turns"]:
        assert replayed(history, turn) == turn["actions"], ADVICE.format(version=history["version"])


def test_every_orchestrator_has_histories_of_the_present_version() -> None:
    version = default_version(ROOT)
    recorded = {load(path)["orchestrator"] for path in FILES if path.parent.name == version}
    missing = ORCHESTRATORS.keys() - recorded
    assert not missing, RECORD.format(version=version)
    app = json.loads((ROOT / "tests/golden/functions.json").read_text(encoding="utf-8"))
    declared = {name for name, bindings in app.items() if bindings[0]["type"] == "orchestrationTrigger"}
    assert declared - {"BuiltIn__HttpPollOrchestrator"} == ORCHESTRATORS.keys()


def code_objects() -> Iterator[CodeType]:
    """Every function of the orchestrators' modules."""
    for name in ("policies", *ORCHESTRATORS):
        for value in vars(sys.modules[f"orchestrators.{name}"]).values():
            code = getattr(value, "__code__", None)
            if code is not None and Path(code.co_filename).parent == ROOT / "orchestrators":
                yield code


@contextmanager
def watched(codes: set[CodeType], seen: Callable[[CodeType, int], object]) -> Iterator[None]:
    sys.monitoring.use_tool_id(WATCHER, __name__)
    try:
        sys.monitoring.register_callback(WATCHER, sys.monitoring.events.LINE, seen)
        for code in codes:
            sys.monitoring.set_local_events(WATCHER, code, sys.monitoring.events.LINE)
        yield
    finally:
        for code in codes:
            sys.monitoring.set_local_events(WATCHER, code, sys.monitoring.events.NO_EVENTS)
        sys.monitoring.free_tool_id(WATCHER)


def test_the_histories_take_every_line_of_the_orchestrators() -> None:
    codes = set(code_objects())
    assert {run_step.__code__} < codes
    left = {
        f"{Path(code.co_filename).name}:{line}"
        for code in codes
        for _, _, line in code.co_lines()
        if line is not None and line > code.co_firstlineno
    }
    with watched(codes, lambda code, line: left.discard(f"{Path(code.co_filename).name}:{line}")):
        for history in map(load, FILES):
            replayed(history, history["turns"][-1])
    assert not left, f"Add a scenario to tests/golden/scenarios.py. {RECORD.format(version=default_version(ROOT))}"


def test_a_changed_orchestrator_is_found_out() -> None:
    history = example(names.RUN_STEP, "finished")
    assert goes_on(history)

    def changed(ctx: Any, payload: dict[str, Any]) -> Any:
        yield ctx.call_activity(names.CHECK_STEP, input=payload)
        yield from run_step(ctx, payload)

    changed.__name__ = "run_step"
    assert replayed(history, history["turns"][-1], changed) != history["turns"][-1]["actions"]


def test_a_cut_history_is_found_out() -> None:
    history = example(names.RUN_STEP, "finished")
    turns, events = history["turns"], history["events"]
    assert is_whole(history)
    cuts = [{"turns": turns[1:]}, {"turns": turns[:-1]}, {"turns": [turns[0], *turns[2:]]}, {"events": events[:-1]}]
    assert [is_whole({**history, **cut}) for cut in cuts] == [False] * len(cuts)
