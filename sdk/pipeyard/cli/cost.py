"""`pipeyard cost ...`: what a workspace costs in Azure. Asks no workspace. Docstrings are help texts."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._cost.documents import text_of
from pipeyard._cost.model import NOT_INCLUDED, Estimate, Line, estimate
from pipeyard._cost.prices import FILE, load_prices
from pipeyard._cost.workload import Workload
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of

app = typer.Typer(
    help="Estimate what a workspace costs in Azure. Needs no workspace.", no_args_is_help=True, rich_markup_mode=None
)
_EXAMPLE = "Example: pipeyard cost estimate --runs-per-day 20 --steps 10 --reused 0.5 --seconds 600"
_SMALL = 0.01


@app.command("prices", epilog="Example: pipeyard cost prices > prices.toml")
def print_prices() -> None:
    """Print the price list, to change it and give it to `estimate` as --prices."""
    sys.stdout.write(text_of(FILE))


@app.command("estimate", epilog=_EXAMPLE)
def estimate_month(
    context: typer.Context,
    *,
    runs_per_day: Annotated[float | None, typer.Option(help="Runs on an average day.", show_default=False)] = None,
    steps: Annotated[float | None, typer.Option(help="Steps of a run.", show_default=False)] = None,
    seconds: Annotated[float | None, typer.Option(help="Seconds that a step takes.", show_default=False)] = None,
    idle: Annotated[bool, typer.Option("--idle", help="Nothing runs and nobody asks: what waiting costs.")] = False,
    reused: Annotated[float, typer.Option(help="Share of the steps that are reused, from 0 to 1.")] = 0,
    requests_per_day: Annotated[float, typer.Option(help="Requests besides submits: status, logs, waiting.")] = 0,
    files_per_day: Annotated[float, typer.Option(help="Files put onto the default datastore.")] = 0,
    schedules: Annotated[int, typer.Option(help="Active schedules by time.")] = 0,
    watched_folders: Annotated[int, typer.Option(help="Active schedules that wait for files.")] = 0,
    polling_minutes: Annotated[float, typer.Option(help="Minutes between listings of a watched folder.")] = 5,
    log_mb: Annotated[float, typer.Option(help="Megabytes of logs and traces that a day brings.")] = 0,
    stored_gb: Annotated[float, typer.Option(help="Gigabytes of blobs that are kept.")] = 0,
    memory_mb: Annotated[int, typer.Option(help="Memory of an instance: 512, 2048 or 4096.")] = 2048,
    vm: Annotated[str | None, typer.Option(help="Size of the machines that run steps.", show_default=False)] = None,
    nodes: Annotated[int, typer.Option(help="Machines for each step, with --vm.")] = 1,
    alerts: Annotated[bool, typer.Option("--alerts", help="With alerts.")] = False,
    network: Annotated[bool, typer.Option("--network", help="With a network of its own.")] = False,
    prices: Annotated[Path | None, typer.Option(help="A price list of your own.", show_default=False)] = None,
    as_json: options.AsJson = False,
) -> None:
    """Estimate a month: what is used, why, and what it costs."""
    work = {"runs_per_day": runs_per_day, "steps": steps, "seconds": seconds}
    visits = {"requests_per_day": requests_per_day, "files_per_day": files_per_day}
    made: dict[str, Any] = {"memory_mb": memory_mb, "vm": vm, "nodes": nodes, "alerts": alerts, "network": network}
    workload = Workload(
        reused=reused,
        schedules=schedules,
        watched_folders=watched_folders,
        polling_minutes=polling_minutes,
        log_mb=log_mb,
        stored_gb=stored_gb,
        **_agreed(idle, work, visits),
        **made,
    )
    session = session_of(context, as_json)
    month = estimate(workload, load_prices(prices))
    session.result(_document(month), lambda: _show(session, month))


def _agreed(idle: bool, work: dict[str, float | None], visits: dict[str, float]) -> dict[str, Any]:
    """What happens, if it was said: either nothing, or all of `work`.

    Raises:
        BadParameter: Something is missing, or contradicts `--idle`.
    """
    given = [_option(name) for name, value in (work | visits).items() if value]
    missing = [_option(name) for name, value in work.items() if value is None]
    if idle and given:
        raise typer.BadParameter(f"means that nothing happens; leave out {', '.join(given)}.", param_hint="--idle")
    if not idle and missing:
        raise typer.BadParameter(f"{', '.join(missing)} missing: say what happens, or --idle.", param_hint="estimate")
    return {name: value or 0.0 for name, value in work.items()} | visits


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _show(session: Session, month: Estimate) -> None:
    rows = [_row(line, month.currency) for line in month.lines]
    rows.append(("all", "", "", "", "", f"{month.total:,.2f}"))
    session.table(("resource", "what", "in a month", "of them free", "price", month.currency), rows)
    session.say("\nHow many, and why:")
    for line in month.lines:
        session.say(f"  {line.resource}, {line.unit}: {_amount(line.quantity)}")
        for part in line.parts:
            session.say(f"    {_amount(part.quantity)}  {part.because}")
    session.say("\nExecutions are counted as if none overlapped: the most that they can cost.")
    session.say(NOT_INCLUDED)
    if unchecked := month.without_standing():
        session.note(f"Prices that nobody has looked up: {'; '.join(unchecked)}. See `pipeyard cost prices`.", "yellow")


def _row(line: Line, currency: str) -> tuple[str, ...]:
    price = f"{f'{line.price.price:.8f}'.rstrip('0').rstrip('.')} {currency} for {_amount(line.price.per)}"
    free = _amount(line.price.free) if line.price.free else ""
    cost = "< 0.01" if 0 < line.cost < _SMALL else f"{line.cost:,.2f}"
    return (line.resource, line.unit, _amount(line.quantity), free, price, cost)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"  # noqa: PLR2004


def _document(month: Estimate) -> dict[str, Any]:
    return {
        "currency": month.currency,
        "total": round(month.total, 4),
        "lines": [
            {
                "meter": line.meter,
                "resource": line.resource,
                "unit": line.unit,
                "quantity": round(line.quantity, 4),
                "free": line.price.free,
                "price": line.price.price,
                "per": line.price.per,
                "cost": round(line.cost, 4),
                "standing": line.price.standing,
                "source": line.price.source,
                "parts": [{"quantity": round(part.quantity, 4), "because": part.because} for part in line.parts],
            }
            for line in month.lines
        ],
        "not_included": NOT_INCLUDED,
        "prices_not_looked_up": month.without_standing(),
    }
