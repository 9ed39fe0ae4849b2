"""What a sweep hands on: every trial's metrics, and the best trial's files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeyard._client import Client
from pipeyard._clients._paging import part
from pipeyard._core.sweep import HyperdriveSettings
from pipeyard._outputs import download_output
from pipeyard._transfer import below, download_file
from pipeyard.core._metrics import collect
from pipeyard.exceptions import UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.hyperdrive.trials import Trial


def write_metrics(client: Client, settings: HyperdriveSettings, trials: Sequence[Trial]) -> None:
    """Write `{step run id of a trial: {metric: [values]}}`, if the step has an output for it."""
    if settings.metrics_output is None:
        return
    metrics = {
        trial.step_run_id: {
            name: value if isinstance(value, list) else [value]
            for name, value in collect(client.get_metrics(trial.run_id, trial.step)).items()
        }
        for trial in trials
    }
    Path(_step.path_of(settings.metrics_output)).write_text(json.dumps(metrics, indent=1), encoding="utf-8")


def copy_models(client: Client, settings: HyperdriveSettings, best: Trial) -> None:
    """Copy the files that the step's outputs want from the best trial.

    Raises:
        UserErrorException: The trial left no such file.
    """
    route = f"/api/runs/{best.run_id}/steps/{part(best.step)}/files"
    names = [str(file["path"]) for file in client.http.get(route)["value"]] if settings.model_outputs else []
    for output, model in settings.model_outputs.items():
        target, wanted = Path(_step.path_of(output)), model.model_file.removeprefix("./")
        sources = {name: target for name in names if name == wanted}
        sources |= {name: below(target, name[len(wanted) + 1 :]) for name in names if name.startswith(f"{wanted}/")}
        if not sources:
            known = ", ".join(names[:20]) or "none"
            raise UserErrorException(
                f"The best trial, {best.number}, left no file {wanted} for the output {output}. Its files: {known}. "
                "Only files below outputs/ and logs/ are kept."
            )
        for name, place in sources.items():
            download_file(client.http, client.http.redirect_of(f"{route}/{quote(name)}"), place)


def copy_outputs(client: Client, settings: HyperdriveSettings, best: Trial, outputs: Sequence[str]) -> None:
    """Copy the best trial's own outputs to the step's outputs of the same names."""
    taken = {settings.metrics_output, *settings.model_outputs}
    documents: dict[str, Any] = {each["name"]: each for each in client.get_outputs(best.run_id, best.step)}
    for name in outputs:
        if name not in taken and name in documents:
            download_output(client, best.run_id, best.step, documents[name], Path(_step.path_of(name)).parent)
