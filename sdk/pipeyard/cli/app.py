"""The commands, gathered. What they do is in `submitting` and `reading`."""

from collections.abc import Sequence

import httpx
import typer

from pipeyard.cli import (
    auditing,
    compute,
    cost,
    data,
    maintenance,
    migrate,
    publishing,
    reading,
    schedules,
    submitting,
    webhooks,
)
from pipeyard.cli.session import Session
from pipeyard.exceptions import PipeyardException

app = typer.Typer(
    name="pipeyard",
    help="Submit machine-learning pipelines to a Pipeyard workspace, watch them, and ask why a step ran again.",
    epilog="The workspace is found through PIPEYARD_URL, or a config.json here or in a parent directory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str], transport: httpx.BaseTransport | None) -> None:
    """Run one command; ends with SystemExit."""
    session = Session(transport)
    try:
        app(arguments, obj=session, prog_name="pipeyard")
    except PipeyardException as error:
        session.fail(error)
    finally:
        session.close()


app.command(epilog="Example: pipeyard validate pipeline.json")(submitting.validate)
app.command(epilog="Example: pipeyard plan pipeline.json --fail-if-would-run prepare")(submitting.plan)
app.command(epilog="Example: pipeyard submit pipeline.json -p alpha=0.2 --label ticket=ML-7 --follow")(
    submitting.submit
)
app.command(epilog="Example: pipeyard resume latest --follow")(submitting.resume)
app.command(epilog="Example: pipeyard cancel latest --wait")(submitting.cancel)
app.command(epilog="Example: pipeyard runs --experiment digits --status Failed")(reading.runs)
app.command(epilog="Example: pipeyard status latest --follow")(reading.status)
app.command(epilog="Example: pipeyard logs latest train --follow")(reading.logs)
app.command(epilog="Example: pipeyard explain latest train")(reading.explain)
app.command(epilog="Example: pipeyard metrics latest")(reading.metrics)
app.command(epilog="Example: pipeyard outputs latest report")(reading.outputs)
app.command(epilog="Example: pipeyard download latest report figure --to results")(reading.download)
app.command(epilog="Example: pipeyard publish pipeline.json --name churn -p alpha=0.2")(publishing.publish)
app.add_typer(publishing.published_app, name="published")
app.add_typer(publishing.endpoint_app, name="endpoint")
app.add_typer(schedules.app, name="schedule")
app.add_typer(data.app, name="data")
app.add_typer(compute.app, name="compute")
app.add_typer(cost.app, name="cost")
app.add_typer(migrate.app, name="migrate")
app.command(epilog="Example: pipeyard audit --caller anna --since 2026-11-01T00:00:00Z")(auditing.audit)
app.command(epilog="Example: pipeyard whoami")(auditing.whoami)
app.add_typer(webhooks.app, name="webhook")
app.add_typer(maintenance.app, name="maintenance")
