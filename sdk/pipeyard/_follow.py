"""Watching a run until it ends, without hammering the workspace."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeyard._client import Client
from pipeyard._wire import RunDocument, StepRunDocument

RUN_ENDED = frozenset({"Finished", "Failed", "Canceled"})
STEP_ENDED = RUN_ENDED | {"Skipped"}
SUCCESS = "Finished"
FAILED = "Failed"
CANCELED = "Canceled"
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 2.0
GROWTH = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run and its steps as they were at one moment."""

    run: RunDocument
    steps: list[StepRunDocument]

    @property
    def ended(self) -> bool:
        """Whether nothing can change any more."""
        return self.run["status"] in RUN_ENDED

    @property
    def succeeded(self) -> bool:
        """Whether the run ended well."""
        return self.run["status"] == SUCCESS


def view_run(client: Client, run_id: str) -> RunView:
    """Look once. The run is read first, so that a terminal run comes with its final steps."""
    run = client.get_run(run_id)
    return RunView(run=run, steps=client.get_steps(run_id))


def follow_run(
    client: Client, run_id: str, show: Callable[[RunView], object], deadline: float | None = None
) -> RunView:
    """Look again and again, at growing intervals, until the run has ended.

    Args:
        client: The workspace.
        run_id: The run.
        show: Called with every view, the last one included.
        deadline: Stop looking once `time.monotonic()` has passed this; the run goes on.

    Returns:
        The last view.
    """
    wait = FIRST_WAIT_SECONDS
    while True:
        view = view_run(client, run_id)
        show(view)
        if view.ended or (deadline is not None and time.monotonic() >= deadline):
            return view
        client.sleep(wait)
        wait = min(wait * GROWTH, LONGEST_WAIT_SECONDS)


def follow_log(client: Client, run_id: str, step: str, attempt: int | None = None) -> Iterator[str]:
    """A step's log as it grows, until it is complete."""
    offset = 0
    wait = FIRST_WAIT_SECONDS
    while True:
        page = client.get_log(run_id, step, offset=offset, attempt=attempt)
        offset = page["next_offset"]
        if page["text"]:
            wait = FIRST_WAIT_SECONDS
            yield page["text"]
        elif page["complete"]:
            return
        else:
            client.sleep(wait)
            wait = min(wait * GROWTH, LONGEST_WAIT_SECONDS)


def read_log(client: Client, run_id: str, step: str, attempt: int | None = None) -> Iterator[str]:
    """What a step has written until now, page by page."""
    offset = 0
    while (page := client.get_log(run_id, step, offset=offset, attempt=attempt))["text"]:
        offset = page["next_offset"]
        yield page["text"]
