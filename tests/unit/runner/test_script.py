"""The script's environment: where a variable names an input or output, it gets the path."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.script import Layout, prepare_command
from runner.spec import parse_spec
from shared.core.jobs import JobArgument, JobInput, JobOutput, JobSpec, UploadTarget

PLACE = UploadTarget(base_url="https://storage.example/x", query="sig=1")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path)
    made.work.mkdir()
    return made


def environment(layout: Layout, **variables: str) -> dict[str, str]:
    fields: dict[str, Any] = {
        "name": "run-00000-1",
        "run_id": "run",
        "step_run_id": "run-00000",
        "compute_target": "local",
        "command": (JobArgument(value="ls"),),
        "launch": "executable",
        "inputs": (JobInput(name="iris", files=()),),
        "outputs": (JobOutput(name="model", target=PLACE),),
        "environment": variables,
        "artifacts": PLACE,
        "log_name": "log.txt",
        "metrics_name": "metrics.jsonl",
    }
    spec = parse_spec(json.dumps(JobSpec(**fields).model_dump(mode="json")))
    found = prepare_command(spec, layout).environment
    return {name: found[name] for name in variables}


def test_a_variable_that_names_an_input_or_output_holds_its_path(layout: Layout) -> None:
    found = environment(layout, iris="$AZUREML_DATAREFERENCE_iris", model="$AZUREML_DATAREFERENCE_model")
    assert found == {"iris": f"{layout.input('iris')}", "model": f"{layout.output('model')}"}


@pytest.mark.parametrize("text", ["$AZUREML_DATAREFERENCE_other", "see $AZUREML_DATAREFERENCE_iris", "iris", ""])
def test_other_text_stays_as_it_is(layout: Layout, text: str) -> None:
    assert environment(layout, note=text) == {"note": text}
