"""The local workspace starts emulators by the first connection to them, and leaves none behind."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from tests.local.workspace_process import WorkspaceProcess, wait_gone
from tests.waiting import until

FAULTS = {"PIPEYARD_EMULATOR_FAULTS": json.dumps({"failing_nodes": 3})}


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Iterator[WorkspaceProcess]:
    monkeypatch.setenv("PIPEYARD_EMULATOR_FAULTS", FAULTS["PIPEYARD_EMULATOR_FAULTS"])
    running = WorkspaceProcess(tmp_path)
    try:
        yield running.ready()
    finally:
        running.stop()


def emulators(workspace) -> list[int]:
    below = psutil.Process(workspace.process.pid).children(recursive=True)
    return [process.pid for process in below if "local.emulators" in process.cmdline()]


def faults(workspace) -> Any:
    return httpx.get(f"{workspace.note['emulators']['azure_ml']}/_emulator/faults", timeout=20).json()


def test_an_emulator_lives_from_the_first_connection_to_the_workspace_s_end(workspace):
    settings = httpx.get(f"{workspace.note['url']}/settings").json()
    names = {"azure_ml": "AZURE_ML", "databricks": "DATABRICKS", "data_lake_analytics": "DATA_LAKE_ANALYTICS"}
    told = {service: settings[f"PIPEYARD_{name}_EMULATOR"] for service, name in names.items()}
    assert told == workspace.note["emulators"]
    assert emulators(workspace) == []
    assert faults(workspace)["failing_nodes"] == 3
    (first,) = emulators(workspace)
    os.kill(first, signal.SIGKILL)
    wait_gone(first)
    assert faults(workspace)["failing_nodes"] == 3
    (second,) = until(lambda: emulators(workspace))
    assert second != first
    workspace.stop()
    assert not psutil.pid_exists(second)


def test_an_emulator_does_not_outlive_a_killed_workspace(workspace):
    faults(workspace)
    (emulator,) = emulators(workspace)
    storage = workspace.note["azurite_pid"]
    workspace.process.kill()
    wait_gone(emulator)
    wait_gone(storage)
