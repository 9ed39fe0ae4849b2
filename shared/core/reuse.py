"""The reuse key: what decides whether an earlier result can stand in for a step.

The key is the digest of a document that lists its ingredients one by one. The document is stored beside the result,
so that `explain.py` can say later which ingredient changed. A change of what this module writes changes every key:
the golden digests in `tests/golden/digests` stop it, and `KEY_VERSION` is there for when it is wanted.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .bindings import (
    Argument,
    DatasetInput,
    InputArgument,
    LiteralInput,
    OutputArgument,
    ParameterArgument,
    ParameterInput,
    ParameterValue,
    PipelineDataInput,
    StepInput,
    StepOutput,
)
from .canonical import canonical_json, digest
from .dataset_views import DatasetView
from .definition import StepDefinition, StepResources
from .settings_binding import bind_settings

KEY_VERSION = 1


def build_key_document(
    step: StepDefinition,
    *,
    type_version: int,
    parameters: Mapping[str, ParameterValue],
    input_digests: Mapping[str, str],
    input_views: Mapping[str, DatasetView] = {},
    compute_kind: str | None = None,
    outside: Mapping[str, str] = {},
) -> dict[str, Any]:
    """The ingredients of a step's key, as plain JSON: what is stored is what was hashed.

    Deliberately not among them:

    - the step's name and labels: they are for people, and the same work under another name is the same work;
    - `retry` and `timeout_seconds`: a finished result does not depend on how long or how often it was tried;
    - `run_after` and `always_run`: they say when a step runs, not what it computes;
    - `allow_reuse`: switching reuse off and on again must find the earlier result;
    - the compute target's name: a second cluster of the same kind gives the same result;
    - how inputs are brought to the compute and outputs taken from it: the bytes are the same;
    - defaults of parameters: the bound values are in;
    - places and times of inputs: the content and the names of their files are in.

    Args:
        step: The step.
        type_version: Version of the step type, which grows when the type changes what it does.
        parameters: Bound values of the run's parameters; those that the step does not use do not enter the key.
        input_digests: Content digest of every data input, by name.
        input_views: How the files of each dataset are read, by input; one that gives plain files need not be here.
        compute_kind: Sort of compute, where results may depend on it.
        outside: What tells one content from another of each file that the compute itself keeps, by what it is.

    Raises:
        KeyError: A parameter or a data input of the step has no value.
        TypeError: The settings hold something that has no place in JSON.
        ValueError: Likewise, such as NaN.
    """
    ingredients = {
        "key_version": KEY_VERSION,
        "step_type": step.type,
        "step_type_version": type_version,
        "settings": bind_settings(step.settings, parameters),
        "arguments": [_argument(argument, parameters) for argument in step.arguments],
        "inputs": {
            name: _input(name, source, parameters, input_digests, input_views) for name, source in step.inputs.items()
        },
        "outputs": {name: _output(output) for name, output in step.outputs.items()},
        "environment": step.environment.model_dump(mode="json", exclude={"name"}),
        "environment_variables": step.environment_variables,
        "snapshot": step.snapshot,
        "version": step.version,
        "compute_kind": compute_kind,
    }
    if step.resources != StepResources():
        ingredients["resources"] = step.resources.model_dump(mode="json", exclude_defaults=True)
    if outside:  # a key that never had it stays as it is
        ingredients["outside"] = dict(outside)
    document: dict[str, Any] = json.loads(canonical_json(ingredients))
    return document


def reuse_key(document: Mapping[str, Any]) -> str:
    """The key of a document from `build_key_document`.

    Raises:
        TypeError: The document is not plain JSON.
        ValueError: Likewise.
    """
    return digest("pipeyard.reuse", dict(document))


def content_digest(files: Iterable[tuple[str, str]]) -> str:
    """Digest of an input's or output's content from (relative path, digest of the file), in any order.

    Raises:
        ValueError: A path occurs twice.
    """
    pairs = sorted(files)
    paths = [path for path, _ in pairs]
    if len(set(paths)) != len(paths):
        raise ValueError("A path occurs twice, so the content is not clear.")
    return digest("pipeyard.content", pairs)


def file_digest(name: str, digest_: str) -> str:
    """Content digest of an input that is one single file: a script gets its path, and may read it by its extension."""
    return content_digest([(f"/{name}", digest_)])


def _argument(argument: Argument, parameters: Mapping[str, ParameterValue]) -> dict[str, Any]:
    match argument:
        case InputArgument():
            return {"input": argument.input}
        case OutputArgument():
            return {"output": argument.output}
        case ParameterArgument():
            return {"parameter": argument.parameter, "value": parameters[argument.parameter]}
        case _:
            return {"literal": argument}


def _output(output: StepOutput) -> dict[str, Any]:
    """Where somebody will look for the output. Unset keys are left out: a key that never had them stays as it is."""
    place: dict[str, Any] = {"datastore": output.datastore}
    if output.path is not None:
        place["path"] = output.path
    if output.register_dataset is not None:
        place["dataset"] = output.register_dataset.name
    return place


def _input(
    name: str,
    source: StepInput,
    parameters: Mapping[str, ParameterValue],
    input_digests: Mapping[str, str],
    input_views: Mapping[str, DatasetView],
) -> dict[str, Any]:
    match source:
        case ParameterInput():
            return {"parameter": source.parameter, "value": parameters[source.parameter]}
        case LiteralInput():
            return {"literal": source.value}
        case PipelineDataInput(view=DatasetView() as view):
            return {"digest": input_digests[name], "view": view.model_dump(mode="json")}
        case DatasetInput():
            view = input_views.get(name, DatasetView())
            read = {} if view == DatasetView() else {"view": view.model_dump(mode="json")}
            return {"digest": input_digests[name], "mode": source.mode, **read}
        case _:
            # Where the data comes from is left out: the same bytes from another step or folder are the same input.
            return {"digest": input_digests[name]}
