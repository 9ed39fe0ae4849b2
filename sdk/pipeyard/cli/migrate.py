"""`pipeyard migrate`: help for scripts that were written for SDK v1."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._migration.check import Finding, Report, check
from pipeyard._migration.table import Verdict
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of

app = typer.Typer(help="Move scripts and notebooks from Azure ML's SDK v1.", no_args_is_help=True)

_WORDS = {
    Verdict.SAME: "works as is",
    Verdict.DIFFERS: "differs",
    Verdict.MISSING: "not offered",
    Verdict.UNKNOWN: "not known",
}
_STYLES = {Verdict.SAME: "green", Verdict.DIFFERS: "yellow", Verdict.MISSING: "red", Verdict.UNKNOWN: "dim"}


@app.callback()
def group() -> None:
    """Move scripts and notebooks from Azure ML's SDK v1."""


@app.command("check", epilog="Example: pipeyard migrate check notebooks/ train.py")
def check_path(
    context: typer.Context,
    *,
    paths: Annotated[list[Path], typer.Argument(help="Scripts, notebooks, and folders of them.", show_default=False)],
    everything: Annotated[bool, typer.Option("--all", help="Show also what works as it is.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Say per line what maps, what differs and what is missing. Exit code 1 if something is missing or unreadable."""
    session = session_of(context, as_json)
    report = check(*paths)
    session.result(_document(report), lambda: _show(session, report, everything=everything))
    missing = any(finding.use.outcome.verdict is Verdict.MISSING for finding in report.findings)
    if missing or report.unreadable:
        raise typer.Exit(1)


def _show(session: Session, report: Report, *, everything: bool) -> None:
    for sentence in report.unreadable:
        session.note(sentence, style="red")
    for finding in report.findings:
        verdict = finding.use.outcome.verdict
        if everything or verdict is not Verdict.SAME:
            note = f" {finding.use.outcome.note}" if finding.use.outcome.note else ""
            session.console.print(
                f"{finding.place}: {finding.use.name} {_WORDS[verdict]}.{note}",
                style=_STYLES[verdict],
                soft_wrap=True,
                markup=False,
            )
    counts = Counter(finding.use.outcome.verdict for finding in report.findings)
    told = ", ".join(f"{counts[verdict]} {_WORDS[verdict]}" for verdict in Verdict if counts[verdict])
    files = f"{len(report.files)} file{'s' if len(report.files) != 1 else ''}"
    session.say(f"{files}: {told or _nothing(report)}.")
    if counts:
        session.say("Change `azureml` to `pipeyard` in the imports; docs/moving-from-v1.md has the whole table.")


def _nothing(report: Report) -> str:
    return "nothing could be checked" if report.unreadable else "nothing of SDK v1 is used"


def _document(report: Report) -> dict[str, Any]:
    return {
        "files": [str(file) for file in report.files],
        "unreadable": report.unreadable,
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": str(finding.file),
        "cell": finding.cell,
        "line": finding.use.line,
        "name": finding.use.name,
        "verdict": finding.use.outcome.verdict.value,
        "note": finding.use.outcome.note,
    }
