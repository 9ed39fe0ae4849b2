"""A run as a small piece of HTML: no scripts, no addresses, every text escaped."""

from html import escape

from pipeyard._follow import RunView
from pipeyard._wire import StepRunDocument

COLORS = {
    "Finished": "#1a7f37",
    "Running": "#0969da",
    "Queued": "#0969da",
    "CancelRequested": "#9a6700",
    "Canceled": "#9a6700",
    "Skipped": "#9a6700",
    "Failed": "#cf222e",
}
GREY = "#6e7781"
COLUMNS = ("Step", "Status", "Time", "Why")


def page_of(view: RunView) -> str:
    """The run, its progress and its steps."""
    run = view.run
    done = sum(step["status"] == "Finished" for step in view.steps)
    share = round(100 * done / len(view.steps)) if view.steps else 0
    color = COLORS.get(run["status"], GREY)
    head = "".join(f'<th style="text-align:left;padding:2px 12px 2px 0">{column}</th>' for column in COLUMNS)
    rows = "".join(_row(step) for step in view.steps)
    error = f'<div style="color:{COLORS["Failed"]}">{escape(str(run["error"]))}</div>' if run.get("error") else ""
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:13px">'
        f"<div><b>{escape(run['pipeline'])}</b> in {escape(run['experiment'])}: {_status(run['status'])}, "
        f'{done} of {len(view.steps)} steps finished <code style="color:{GREY}">{escape(run["run_id"])}</code></div>'
        f'<div role="progressbar" aria-valuenow="{share}" aria-valuemin="0" aria-valuemax="100" '
        'style="background:#d0d7de;height:4px;margin:4px 0;max-width:40em">'
        f'<div style="background:{color};height:4px;width:{share}%"></div></div>'
        f'{error}<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )


def _row(step: StepRunDocument) -> str:
    seconds = step.get("wall_seconds")
    taken = "reused" if step.get("reused") else "" if seconds is None else f"{seconds:.1f} s"
    explanation = step.get("explanation")
    why = step.get("error") or (explanation["sentence"] if explanation else "")
    cells = (escape(step["name"]), _status(step["status"]), taken, escape(str(why)))
    return (
        "<tr>" + "".join(f'<td style="text-align:left;padding:2px 12px 2px 0">{cell}</td>' for cell in cells) + "</tr>"
    )


def _status(status: str) -> str:
    return f'<span style="color:{COLORS.get(status, GREY)};font-weight:600">{escape(status)}</span>'
