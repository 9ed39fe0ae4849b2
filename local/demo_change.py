"""The story of most examples: a run, the same again, and once more after an edit; perhaps canceled half-way."""

import time
from pathlib import Path

import psutil
from pipeyard._explanation import explanation_lines
from pipeyard._follow import RunView
from pipeyard.cli.render import print_lines

from local.demo_example import EXAMPLES, Change, ExampleError, changed_copy
from local.demo_stage import Stage

LOG_LIMIT_SECONDS = 120
JOB_FOLDERS = ("jobs", "emulators")
"""Folders of a workspace's data below which jobs have their working directories."""


def three_runs(stage: Stage, change: Change, scratch: Path) -> tuple[list[RunView], list[str]]:
    """Show it; returns the runs and what was not as expected.

    Args:
        stage: What the demo works with.
        change: The edit before the third run.
        scratch: Folder for the edited copy; the workspace keeps its data in `workspace` below it.
    """
    stage.title("1. The first run: every step runs")
    first = stage.run(EXAMPLES / stage.name)
    if not first.succeeded:
        _print_logs(stage, first)
        return [first], [f"run {first.run['run_id']} ended as {first.run['status']}."]
    stage.title("2. Submitted again, nothing changed: every step is reused")
    second = stage.run(EXAMPLES / stage.name)
    stage.title(f"3. Now {change.text} ({change.file}): only what depends on it runs")
    third = _third(stage, change, changed_copy(stage.name, change, scratch / "changed"))
    stage.title("Why each step ran or was reused (pipeyard explain)")
    print_lines(stage.console, explanation_lines(stage.client.explain(third.run["run_id"])))
    views = [first, second, third]
    return views, _faults(views, change) + (_left_running(stage, scratch / "workspace") if change.cancel else [])


def _third(stage: Stage, change: Change, directory: Path) -> RunView:
    run_id = stage.submit(directory)
    if change.cancel is not None:
        _await_log(stage, run_id, change.cancel)
        stage.console.print(f"Canceling while {change.cancel} is at work ...", markup=False)
        stage.client.cancel(run_id)
    return stage.follow(run_id)


def _await_log(stage: Stage, run_id: str, step: str) -> None:
    deadline = time.monotonic() + LOG_LIMIT_SECONDS
    while not (text := stage.client.get_log(run_id, step)["text"]):
        if time.monotonic() > deadline:
            raise ExampleError(f"{step} wrote nothing to its log in {LOG_LIMIT_SECONDS} s.")
        stage.client.sleep(0.2)
    print_lines(stage.console, [f"{step} says: {text.splitlines()[0]}"])


def _left_running(stage: Stage, data: Path) -> list[str]:
    """What still works for a job; a run is canceled only once nothing does."""
    folders = [str(data.resolve() / name) + "/" for name in JOB_FOLDERS]
    left = [process for process in psutil.process_iter(["cwd"]) if _is_below(process, folders)]
    if not left:
        stage.console.print("No process of any job is left on this machine.")
    return [f"process {process.pid} still runs in {process.info['cwd']}." for process in left]


def _is_below(process: psutil.Process, folders: list[str]) -> bool:
    return any(f"{process.info['cwd']}/".startswith(folder) for folder in folders)


def _print_logs(stage: Stage, view: RunView) -> None:
    for step in view.steps:
        if step["status"] == "Failed":
            stage.title(f"Log of {step['name']}")
            print_lines(stage.console, [stage.client.get_log(view.run["run_id"], step["name"])["text"]])


def _faults(views: list[RunView], change: Change) -> list[str]:
    """What is not as it should be: all run, none runs, exactly those run that the change reaches."""
    everything = {step["name"] for step in views[0].steps}
    ends = ("Finished", "Finished", "Canceled" if change.cancel else "Finished")
    ran = (everything, set[str](), set(change.reruns))
    faults: list[str] = []
    for number, (view, status, expected) in enumerate(zip(views, ends, ran, strict=True), 1):
        found = {step["name"] for step in view.steps if not step.get("reused")}
        if view.run["status"] != status:
            faults.append(f"run {number} ended as {view.run['status']}; expected: {status}.")
        if found != expected:
            faults.append(f"in run {number} these steps ran: {sorted(found)}; expected: {sorted(expected)}.")
    return faults
