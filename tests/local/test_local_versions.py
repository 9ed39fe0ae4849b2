"""Versions of orchestrations: what began under an older one ends on its code path."""

import json
from pathlib import Path

import pytest

from local.history_recorder import HistoryRecorder
from local.host_settings import default_version
from tests.local.hub_harness import Harness, in_hub, until

# The durable library warns once per process about its own converter.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def first(_):
    return "first"


def second(_):
    return "second"


def parent(ctx, generation):
    """As after an upgrade: version 1 keeps its path, in which the child comes after the event."""
    if ctx.version == "1":
        word = yield ctx.wait_for_external_event("go")
        if generation < 1:
            ctx.continue_as_new(generation + 1, save_events=True)
            return ""
        children = yield ctx.call_sub_orchestrator("child", version=ctx.version)
        return [ctx.version, word, children]
    children = yield ctx.call_sub_orchestrator("child", version=ctx.version)
    return [ctx.version, "", children]


def child(ctx, _):
    return (yield ctx.call_activity("first" if ctx.version == "1" else "second"))


def parent_of_version_1(ctx, generation):
    """Before the upgrade: it knows of no versions."""
    word = yield ctx.wait_for_external_event("go")
    if generation < 1:
        ctx.continue_as_new(generation + 1, save_events=True)
        return ""
    children = yield ctx.call_sub_orchestrator("child", version=ctx.version)
    return [ctx.version, word, children]


def test_what_began_before_an_upgrade_ends_as_it_began():
    parent_of_version_1.__name__ = "parent"
    harness = Harness([parent_of_version_1, child], [first, second], default_version="1")

    async def check(h):
        old = await h.start("parent", 0)
        await until(lambda: h.turns == 1)
        h.deploy("parent", parent, "2")
        new = await h.run("parent", 0)
        assert json.loads(new.serialized_output) == ["2", "", "second"]
        for word in ("one", "two"):
            await h.client.raise_orchestration_event(old, "go", data=word)
        ended = await h.end(old)
        assert json.loads(ended.serialized_output) == ["1", "two", "first"], ended.failure_details

    in_hub(harness, check)


def original(ctx, _):
    yield ctx.call_activity("second")
    yield ctx.wait_for_external_event("go")


def changed(ctx, _):
    yield ctx.call_activity("first")
    yield ctx.wait_for_external_event("go")


def test_changed_code_without_a_raised_version_fails():
    harness = Harness([original], [first, second], default_version="1")

    async def check(h):
        broken = await h.start("original")
        await until(lambda: h.turns >= 2)
        h.deploy("original", changed, "1")
        await h.client.raise_orchestration_event(broken, "go", data="x")
        assert "NonDeterminism" in (await h.end(broken)).failure_details.error_type

    in_hub(harness, check)


def test_the_version_comes_from_host_json(tmp_path: Path):
    assert default_version(tmp_path) is None
    document = {"extensions": {"durableTask": {"defaultVersion": "1.2"}}}
    (tmp_path / "host.json").write_text(json.dumps(document))
    assert default_version(tmp_path) == "1.2"


def test_histories_are_written_down(tmp_path: Path):
    harness = Harness([child], [first, second], default_version="1")
    harness.hub._run_orchestrator = HistoryRecorder(harness.hub._run_orchestrator, tmp_path)

    async def check(h):
        await h.run("child", None, "a")

    in_hub(harness, check)
    (path,) = tmp_path.glob("child.a.*.json")
    found = json.loads(path.read_text())
    assert (found["orchestrator"], found["version"]) == ("child", "1")
    assert [len(turn["actions"]) for turn in found["turns"]] == [1, 1]
    assert found["turns"][1]["past"] == found["turns"][0]["new"] + 1, "and what the hub confirmed"
    assert len(found["events"]) == found["turns"][1]["past"] + found["turns"][1]["new"]
