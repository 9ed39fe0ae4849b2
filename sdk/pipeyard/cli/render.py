"""How results look: tables and sentences for people. Colours and frames on a terminal, whole plain text elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeyard._explanation import shortened
from pipeyard._follow import RunView
from pipeyard._wire import StepRunDocument

STEP_COLUMNS = ("step", "status", "reused", "seconds", "reason")
STYLES: Mapping[str, str] = {
    "Finished": "green",
    "Running": "cyan",
    "Queued": "cyan",
    "CancelRequested": "yellow",
    "Canceled": "yellow",
    "Skipped": "yellow",
    "Failed": "bold red",
    "NotStarted": "dim",
}
STEP_RUN_ID = re.compile(r"\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(-\d{5})\b")
"""Shortened in tables to what names the run uniquely on the command line; `explain` and JSON have it whole."""
SUBSECOND = 10
LONGEST_VALUE = 60


def print_lines(console: Console, lines: Iterator[str] | Sequence[str]) -> None:
    """Print text as it is, without markup and without line breaks of its own."""
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def print_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a heading."""
    if console.is_terminal:
        console.print(rich_table(columns, rows))
    else:
        print_lines(console, plain_table(columns, rows))


def rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for a terminal. Cells are text, never markup; long ones are folded."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(f"[{STYLES[cell]}]{cell}[/]" if cell in STYLES else escape(cell) for cell in row))
    return table


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The same as aligned lines of text, of which nothing is cut off."""
    cells = [tuple(columns), *(tuple(row) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def print_view(console: Console, view: RunView) -> None:
    """Print a run and its steps."""
    print_lines(console, [f"{view.run['run_id']}  {headline(view)}"])
    print_table(console, STEP_COLUMNS, [step_row(step) for step in view.steps])


def headline(view: RunView) -> str:
    """The run in one line."""
    run = view.run
    done = sum(step["status"] == "Finished" for step in view.steps)
    reused = sum(bool(step.get("reused")) for step in view.steps)
    tail = f", {reused} reused" if reused else ""
    return (
        f"{run['pipeline']} in {run['experiment']}: {run['status']}, {done} of {len(view.steps)} steps finished{tail}"
    )


def step_row(step: StepRunDocument, now: datetime | None = None) -> tuple[str, ...]:
    """A step as a row under `STEP_COLUMNS`. With `now`, a running step shows the time that has passed."""
    reused = bool(step.get("reused"))
    taken = "" if reused else seconds(_elapsed(step, now) if now else step.get("wall_seconds"))
    why = STEP_RUN_ID.sub(r"\1…\2", reason(step))
    return (step["name"], step["status"], "yes" if reused else "", taken, why)


def reason(step: StepRunDocument) -> str:
    """Why the step failed, what its compute says about it while it runs, else why it ran or was reused."""
    explanation, detail = step.get("explanation"), step.get("detail") or ""
    if detail.lower() == step["status"].lower():
        detail = ""
    return step.get("error") or detail or (explanation["sentence"] if explanation else "")


def value_text(value: Any) -> str:
    """A metric's value in one short line."""
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), LONGEST_VALUE)


def seconds(value: float | None) -> str:
    """A duration as people read it."""
    if value is None:
        return ""
    return f"{value:.2f}" if value < SUBSECOND else f"{value:.0f}"


def _elapsed(step: StepRunDocument, now: datetime) -> float | None:
    started = step.get("started_at")
    if step["status"] != "Running" or not started:
        return step.get("wall_seconds")
    return max(0.0, (now - datetime.fromisoformat(started)).total_seconds())
