"""The demo of an example whose runs start by themselves: files arrive, and a schedule does the rest."""

import time
from collections.abc import Callable
from pathlib import Path

from pipeyard._client import Client
from pipeyard._clients.publishing import PublishingClient
from pipeyard._clients.schedules import SchedulesClient
from pipeyard._definition_file import load_pipeline
from pipeyard._follow import RunView
from pipeyard._snapshots import upload_snapshot
from pipeyard.cli.progress import follow
from pipeyard.cli.render import print_lines, print_view
from pipeyard.exceptions import PipeyardException
from rich.console import Console

from local.demo_example import EXAMPLES, Arrivals, Description

START_LIMIT_SECONDS = 60.0
LOOK_SECONDS = 0.2


def publish_and_wait(name: str, description: Description, arrivals: Arrivals, client: Client, datastore: str) -> str:
    """Publish the example's pipeline and give it a schedule that waits for its files; returns the schedule's id."""
    pipeline = load_pipeline(EXAMPLES / name / description.pipeline)
    for snapshot in pipeline.snapshots:
        upload_snapshot(client, snapshot)
    published = PublishingClient(client.http).publish({"name": name, "definition": pipeline.definition})
    trigger = {"datastore": datastore, "path": arrivals.path, "debounce_seconds": 1}
    schedule = SchedulesClient(client.http).create(
        {
            "name": name,
            "published_pipeline_id": published["id"],
            "experiment_name": name,
            "datastore_trigger": trigger,
        }
    )
    return str(schedule["id"])


def rounds(
    client: Client, console: Console, schedule_id: str, arrivals: Arrivals, upload: Callable[[str], None]
) -> tuple[list[RunView], list[str]]:
    """Upload each file and watch the run that it starts. Returns the runs, and what was not as expected."""
    views: list[RunView] = []
    faults: list[str] = []
    for number, expected in enumerate(arrivals.rounds, 1):
        console.print(f"\n{number}. {expected.text}", style="bold", markup=False, soft_wrap=True)
        upload(expected.file)
        run_id = _next_run(client, schedule_id, known={view.run["run_id"] for view in views})
        view = follow(client, run_id, console)
        views.append(view)
        if not console.is_terminal:
            print_view(console, view)
        if not view.succeeded:
            faults.append(f"run {run_id} ended as {view.run['status']}.")
            continue
        found = {metric["name"]: metric["value"] for metric in client.get_metrics(run_id, view.steps[-1]["name"])}
        print_lines(console, [f"{name}: {value}" for name, value in found.items()])
        faults += [
            f"in run {number} the metric {name} is {found.get(name)}; expected: {value}."
            for name, value in expected.metrics.items()
            if found.get(name) != value
        ]
    return views, faults


def _next_run(client: Client, schedule_id: str, known: set[str]) -> str:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < deadline:
        new = [run["run_id"] for run in SchedulesClient(client.http).runs(schedule_id) if run["run_id"] not in known]
        if new:
            return new[0]
        time.sleep(LOOK_SECONDS)
    raise PipeyardException(f"The schedule {schedule_id} started no run in {START_LIMIT_SECONDS:.0f} s.")


def held_back(arrivals: Arrivals, directory: Path) -> set[Path]:
    """Files that are not uploaded before their round."""
    return {directory / each.file for each in arrivals.rounds}
