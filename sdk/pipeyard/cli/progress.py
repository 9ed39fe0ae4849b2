"""A run's progress: a live table on a terminal, one line per change anywhere else."""

import time
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from pipeyard._client import Client
from pipeyard._follow import FAILED, RunView, follow_run
from pipeyard.cli.render import STEP_COLUMNS, headline, print_lines, rich_table, step_row


def follow(client: Client, run_id: str, console: Console, *, quiet: bool = False) -> RunView:
    """Wait until a run has ended and return its last view.

    Args:
        client: The workspace.
        run_id: The run.
        console: Where progress is shown.
        quiet: Show nothing.
    """
    if quiet:
        return follow_run(client, run_id, lambda _: None)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            return follow_run(client, run_id, lambda view: live.update(_picture(view), refresh=True))
    shown: dict[str, str] = {}
    return follow_run(client, run_id, lambda view: print_lines(console, _changes(view, shown)))


def _picture(view: RunView) -> Group:
    now = datetime.fromtimestamp(time.time(), tz=UTC)
    return Group(
        Text(f"{view.run['run_id']}  {headline(view)}", style="bold"),
        rich_table(STEP_COLUMNS, [step_row(step, now) for step in view.steps]),
    )


def _changes(view: RunView, shown: dict[str, str]) -> list[str]:
    """What is new since the lines that `shown` remembers: statuses by step, the run's own under ""."""
    steps: list[str] = []
    for step in view.steps:
        name, status, reused, taken, why = step_row(step)
        if status == "NotStarted" or shown.get(name) == status:
            continue
        # The reason stands in a step's first line; a failure's is new.
        why = "" if name in shown and status != FAILED else why
        shown[name] = status
        facts = [status, "reused" if reused else "", f"{taken} s" if taken else "", why]
        steps.append(f"{name}: " + ", ".join(fact for fact in facts if fact))
    if shown.get("") == view.run["status"]:
        return steps
    shown[""] = view.run["status"]
    line = f"run {view.run['run_id']}: {headline(view)}"
    return [*steps, line] if view.ended else [line, *steps]
