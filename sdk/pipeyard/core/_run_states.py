"""The two vocabularies of v1: what pipelines call a state, and what run histories call it; and v1's details."""

import re
from collections.abc import Mapping
from typing import Any

HISTORY = {"Finished": "Completed", "Skipped": "Canceled"}
PIPELINE_TYPE = "azureml.PipelineRun"
STEP_TYPE = "azureml.StepRun"
REUSED_TYPE = "azureml.ReusedStepRun"
STEP_NAME_LABEL = "pipeyard.step_name"
"""Label that keeps the name that an author gave a step, where a definition does not allow it."""
STEP_RUN_ID = re.compile(r"(?P<run>.+)-\d{5}")


def history_status(status: str) -> str:
    """A state as run histories call it: `Finished` is `Completed`."""
    return HISTORY.get(status, status)


def pipeline_run_of(run_id: str) -> str | None:
    """The pipeline run that a step run's id begins with, None for other ids."""
    match = STEP_RUN_ID.fullmatch(run_id)
    return match["run"] if match else None


def details(document: Mapping[str, Any], run_id: str, properties: Mapping[str, str]) -> dict[str, Any]:
    """v1's `get_details()` of a pipeline run or a step run, under the keys that both have."""
    error = document.get("error")
    return {
        "runId": run_id,
        "target": document.get("compute_target", "pipeline"),
        "status": history_status(document["status"]),
        "startTimeUtc": document.get("started_at"),
        "endTimeUtc": document.get("ended_at"),
        "error": {"error": {"code": "UserError", "message": error}} if error else None,
        "warnings": [{"source": "pipeyard", "message": text} for text in document.get("warnings") or ()],
        "properties": dict(properties),
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": {},
        "logFiles": {},
        "submittedBy": document.get("submitted_by"),
    }


def dataset_details(step: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """v1's `inputDatasets` and `outputDatasets` of a step of a definition."""
    reads = [
        {
            "dataset": {
                "id": source.get("dataset_id") or parameters.get(source.get("parameter"), {}).get("dataset_id")
            },
            "consumptionDetails": {
                "type": "RunInput",
                "inputName": name,
                "mechanism": source.get("mode", "mount").title(),
                "pathOnCompute": None,
            },
        }
        for name, source in step.get("inputs", {}).items()
        if source["kind"] == "dataset"
    ]
    writes = [
        {
            "dataset": {"name": output["register_dataset"]["name"]},
            "outputType": "RunOutput",
            "outputDetails": {"outputName": name},
        }
        for name, output in step.get("outputs", {}).items()
        if output.get("register_dataset")
    ]
    return {"inputDatasets": reads, "outputDatasets": writes}
