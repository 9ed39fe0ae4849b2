"""What people read about trials."""

from collections.abc import Sequence

from pipeyard._core.sweep import HyperdriveSettings
from pipeyard.jobs.hyperdrive.trials import Trial


def line_of(trial: Trial, settings: HyperdriveSettings) -> str:
    """A trial in one line."""
    values = " ".join(f"{name} {value}" for name, value in trial.values.items())
    best = trial.best(settings)
    metric = "" if best is None else f", {settings.primary_metric_name} {best:g}"
    return f"trial {trial.number} (run {trial.run_id}): {trial.status}{metric}, {values}"


def table_of(trials: Sequence[Trial], settings: HyperdriveSettings) -> str:
    """All trials as a table, the best one marked."""
    names = list(trials[0].values) if trials else []
    rows = [["", "trial", "status", settings.primary_metric_name, *names, "run"]]
    best = best_of(trials, settings)
    for trial in trials:
        value = trial.best(settings)
        cells = [f"{trial.values.get(name, '')}" for name in names]
        mark, metric = "*" if trial is best else "", "" if value is None else f"{value:g}"
        rows.append([mark, str(trial.number), trial.status, metric, *cells, trial.run_id])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def best_of(trials: Sequence[Trial], settings: HyperdriveSettings) -> Trial | None:
    """The finished trial with the best value; of equals the first. None where none finished with the metric."""
    sign = -1 if settings.primary_metric_goal == "MAXIMIZE" else 1
    ranked = [
        (sign * value, trial.number, trial) for trial in trials if (value := _of_finished(trial, settings)) is not None
    ]
    return min(ranked, key=lambda each: each[:2])[2] if ranked else None


def _of_finished(trial: Trial, settings: HyperdriveSettings) -> float | None:
    return trial.best(settings) if trial.status == "Finished" else None
