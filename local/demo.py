"""`python -m local.demo [EXAMPLE] [--json]`: Pipeyard from nothing, in three runs of a real pipeline.

A fresh workspace is started; the example runs, runs again unchanged (everything is reused), and runs once more after
one script was edited (only what depends on it runs, perhaps until it is canceled). Or files arrive, and a schedule
starts its runs. With `--json` the last line of stdout is one object `{"runs": [{"run_id", "status", "seconds", "steps":
[{"name", "status", "reused", "reason"}]}]}`, and everything for people goes to stderr. The exit code is 1 if a run does
not end as it should.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from pipeyard._client import Client
from pipeyard._config import WorkspaceLocation
from pipeyard._follow import RunView
from pipeyard._outputs import download_output, find_output
from pipeyard.cli.render import print_lines, print_table, reason
from pipeyard.core import Datastore, Workspace
from pipeyard.exceptions import PipeyardException
from rich.console import Console

from local.demo_arrivals import held_back, publish_and_wait, rounds
from local.demo_change import three_runs
from local.demo_example import (
    Arrivals,
    Description,
    ExampleError,
    example_names,
    make_data,
    read_description,
)
from local.demo_setup import set_up
from local.demo_stage import Stage, run_seconds
from local.demo_workspace import ROOT, WorkspaceStartError, running_workspace

RESULTS = ROOT / ".pipeyard" / "demo"
DEFAULT_EXAMPLE = "digits"


def main(arguments: list[str] | None = None) -> int:
    """Show an example; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="Run an example from nothing.")
    known = ", ".join(example_names())
    parser.add_argument("example", nargs="?", default=DEFAULT_EXAMPLE, help=f"{known} (default: {DEFAULT_EXAMPLE})")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON; all else goes to stderr")
    asked = parser.parse_args(arguments)
    console = Console(stderr=asked.json, highlight=False)
    signal.signal(signal.SIGTERM, _leave)
    try:
        description = read_description(asked.example)
        with tempfile.TemporaryDirectory(prefix="pipeyard-demo-", ignore_cleanup_errors=True) as scratch:
            views, faults = _show(asked.example, description, Path(scratch), console)
    except (ExampleError, WorkspaceStartError, PipeyardException) as error:
        print_lines(console, [f"error: {error}"])
        return 1
    except KeyboardInterrupt:
        print_lines(console, ["Interrupted; the workspace was stopped."])
        return 128 + signal.SIGINT
    for fault in faults:
        console.print(f"Not as expected: {fault}", style="bold red", markup=False, soft_wrap=True)
    if asked.json:
        print(json.dumps({"runs": [_summary(view) for view in views]}), flush=True)
    return 1 if faults else 0


def _show(name: str, description: Description, scratch: Path, console: Console) -> tuple[list[RunView], list[str]]:
    """The whole demo. Returns the runs, and what was not as expected."""
    console.print(description.title, style="bold", markup=False)
    console.print("Starting a local workspace ...")
    with running_workspace(scratch / "workspace") as url:
        console.print(f"It answers at {url}", markup=False)
        with Client(WorkspaceLocation(url=url, source="the demo")) as client:
            stage = Stage(name=name, description=description, client=client, console=console)
            workspace = Workspace(url, client=client)
            facts = json.loads((scratch / "workspace" / "workspace.json").read_text())
            print_lines(console, set_up(workspace, client, description, facts["blob_port"]))
            datastore = _upload(stage, workspace, scratch / "data")
            if description.arrivals is not None:
                views, faults = _arrivals(stage, datastore, scratch / "data", description.arrivals)
            elif description.change is not None:
                views, faults = three_runs(stage, description.change, scratch)
            else:  # pragma: no cover  (a description has one or the other)
                raise AssertionError
            finished = [view for view in views if view.succeeded]
            if finished:
                _print_scores(stage, finished[0], finished[-1])
                _download(stage, finished[-1])
        console.print("Stopping the workspace ...")
    return views, faults


def _arrivals(
    stage: Stage, datastore: Datastore, directory: Path, arrivals: Arrivals
) -> tuple[list[RunView], list[str]]:
    def upload(file: str) -> None:
        datastore.upload_files([directory / file], relative_root=directory, show_progress=False)

    schedule_id = publish_and_wait(stage.name, stage.description, arrivals, stage.client, datastore.name)
    stage.console.print(f"Published the pipeline; a schedule waits for files in {arrivals.path}", markup=False)
    return rounds(stage.client, stage.console, schedule_id, arrivals, upload)


def _upload(stage: Stage, workspace: Workspace, directory: Path) -> Datastore:
    """Make and upload the data, but for the files that arrive later."""
    files = make_data(stage.name, stage.description, directory)
    datastore = Datastore(workspace)
    if stage.description.arrivals is not None:
        later = held_back(stage.description.arrivals, directory)
        files = [file for file in files if file not in later]
    if files:
        datastore.upload_files(files, relative_root=directory, show_progress=False)
        size = sum(file.stat().st_size for file in files)
        stage.console.print(f"Uploaded {len(files)} file(s), {size:,} bytes, to {datastore.name}", markup=False)
    return datastore


def _print_scores(stage: Stage, first: RunView, last: RunView) -> None:
    step = stage.description.scores
    if step is None:
        return
    stage.title(f"Metrics of {step}")
    before, after = (_numbers(stage.client, view, step) for view in (first, last))
    rows = [(name, f"{before.get(name, float('nan')):.4f}", f"{value:.4f}") for name, value in after.items()]
    print_table(stage.console, ("metric", "first run", "last run"), rows)


def _numbers(client: Client, view: RunView, step: str) -> dict[str, float]:
    found = client.get_metrics(view.run["run_id"], step)
    return {item["name"]: float(item["value"]) for item in found if isinstance(item["value"], int | float)}


def _download(stage: Stage, view: RunView) -> None:
    target = RESULTS / stage.name
    shutil.rmtree(target, ignore_errors=True)
    for wanted in stage.description.downloads:
        run_id = view.run["run_id"]
        output = find_output(stage.client, run_id, wanted.step, wanted.output)
        place = download_output(stage.client, run_id, wanted.step, output, target)
        files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
        print_lines(stage.console, [f"Saved {file}" for file in files])


def _summary(view: RunView) -> dict[str, Any]:
    return {
        "run_id": view.run["run_id"],
        "status": view.run["status"],
        "seconds": round(run_seconds(view), 3),
        "steps": [
            {
                "name": step["name"],
                "status": step["status"],
                "reused": bool(step.get("reused")),
                "reason": reason(step),
            }
            for step in view.steps
        ],
    }


def _leave(*_: object) -> NoReturn:
    """SIGTERM unwinds like any other exit, so that the workspace is stopped too."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
