"""What a job needs to start runs that do a part of its own step's work, such as the trials of a sweep.

The template is the step with everything concrete that the run has decided: parameters are values, pipeline data is a
place on a datastore. A job cannot find that out by itself, and it may be tried again: the same step run always gets
the same template.
"""

import json
from collections.abc import Mapping
from typing import Any

from shared.core import names
from shared.core.bindings import (
    Argument,
    DataPathInput,
    DataPathValue,
    DataReferenceInput,
    DatasetInput,
    DatasetValue,
    LiteralInput,
    ParameterArgument,
    ParameterInput,
    ParameterValue,
    PipelineDataInput,
    StepInput,
)
from shared.core.definition import StepDefinition
from shared.core.records import OutputRecord
from shared.core.settings_binding import bind_settings
from shared.services.workspace import RunContext
from shared.steps.base import StepType

SETTINGS_VARIABLE = "PIPEYARD_STEP_SETTINGS"
TEMPLATE_VARIABLE = "PIPEYARD_STEP_TEMPLATE"

type _Produced = Mapping[int, Mapping[str, OutputRecord]]


def driver_variables(step_type: StepType, context: RunContext, ordinal: int, produced: _Produced) -> dict[str, str]:
    """Variables for the driver of a step type: the bound settings, and the template if it starts runs."""
    variables: dict[str, str] = {}
    if step_type.wants_settings:
        settings = bind_settings(context.step(ordinal).settings, context.run.parameters)
        variables[SETTINGS_VARIABLE] = json.dumps(settings, ensure_ascii=False)
    if step_type.starts_runs:
        template = step_template(context, ordinal, produced)
        variables[TEMPLATE_VARIABLE] = json.dumps(template, ensure_ascii=False)
    return variables


def step_template(context: RunContext, ordinal: int, produced: _Produced) -> dict[str, Any]:
    """The template of a step, as plain JSON.

    `inputs` are inputs of a definition, but for pipeline data with a view: `{"sources", "view", "mode"}` then says
    which dataset has to be saved first.
    """
    step, run = context.step(ordinal), context.run
    return {
        "step_run_id": names.step_run_id(run.run_id, ordinal),
        "name": step.name,
        "pipeline": context.definition.name,
        "experiment": run.experiment,
        "snapshot": step.snapshot,
        "arguments": [_argument(word, run.parameters) for word in step.arguments],
        "inputs": {name: _input(context, source, produced) for name, source in step.inputs.items()},
        "outputs": {name: output.model_dump(mode="json", exclude_none=True) for name, output in step.outputs.items()},
        "environment": step.environment.model_dump(mode="json"),
        "environment_variables": {**_parameter_variables(step, run.parameters), **step.environment_variables},
        "compute_target": step.compute_target or context.definition.default_compute_target,
        "default_datastore": context.definition.default_datastore,
        "timeout_seconds": step.timeout_seconds,
        "version": step.version,
        "allow_reuse": step.allow_reuse,
        "regenerate_outputs": run.regenerate_outputs,
    }


def _argument(word: Argument, parameters: Mapping[str, ParameterValue]) -> Any:
    if isinstance(word, ParameterArgument):
        value = parameters[word.parameter]
        return value if isinstance(value, str | bool | int | float) else str(value)
    return word if isinstance(word, str | bool | int | float) else word.model_dump(mode="json")


def _parameter_variables(step: StepDefinition, parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    used = {word.parameter for word in step.arguments if isinstance(word, ParameterArgument)}
    return {f"AML_PARAMETER_{name}": str(parameters[name]) for name in sorted(used)}


def _input(context: RunContext, source: StepInput, produced: _Produced) -> dict[str, Any]:
    parameters = context.run.parameters
    match source:
        case ParameterInput(parameter=name):
            return LiteralInput(value=_scalar(parameters[name])).model_dump(mode="json")
        case DataPathInput(parameter=name):
            value = parameters[name]
            if isinstance(value, DataPathValue):
                return _reference(value.datastore, value.path)
        case DatasetInput(parameter=str(name)):
            value = parameters[name]
            if isinstance(value, DatasetValue):
                bound = source.model_copy(update={"dataset_id": value.dataset_id, "parameter": None})
                return bound.model_dump(mode="json", exclude_none=True)
        case PipelineDataInput():
            return _produced_input(context, source, produced)
        case _:
            pass
    return source.model_dump(mode="json", exclude_none=True)


def _produced_input(context: RunContext, source: PipelineDataInput, produced: _Produced) -> dict[str, Any]:
    output = produced.get(context.ordinals[source.step], {}).get(source.output)
    if output is None:
        return LiteralInput(value="").model_dump(mode="json")  # an always-run step below a failed one
    if source.view is None:
        return _reference(output.datastore, output.path)
    return {
        "sources": [{"datastore": output.datastore, "path": output.path}],
        "view": source.view.model_dump(mode="json", exclude_none=True),
        "mode": "direct" if source.view.format else "mount",
    }


def _reference(datastore: str, path: str) -> dict[str, Any]:
    return DataReferenceInput(datastore=datastore, path=path).model_dump(mode="json")


def _scalar(value: ParameterValue) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)
