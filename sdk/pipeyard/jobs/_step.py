"""What a driver knows of its step: the settings and the folders, from the variables of the job."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeyard.exceptions import Fault, UserErrorException

SETTINGS_VARIABLE = "PIPEYARD_STEP_SETTINGS"
TEMPLATE_VARIABLE = "PIPEYARD_STEP_TEMPLATE"
_PATH_PREFIX = "AZUREML_DATAREFERENCE_"
_DATASET_PREFIX = "PIPEYARD_DATASET_"


def read_settings[Settings: BaseModel](model: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """The step's settings. They are checked again: the values of pipeline parameters were not known before.

    Raises:
        UserErrorException: There are none, or a value is not allowed; the text names every one.
    """
    text = environment.get(SETTINGS_VARIABLE)
    if text is None:
        raise UserErrorException(f"{SETTINGS_VARIABLE} is not set: this program is started by a step of its type.")
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        faults = [
            Fault("/settings/" + "/".join(map(str, details["loc"])), f"{details['msg']}.")
            for details in error.errors(include_url=False)
        ]
        raise UserErrorException("The step's settings are wrong:", faults=faults) from error


def path_of(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Where an input lies, or where an output is to be written.

    Raises:
        UserErrorException: The step has none of this name.
    """
    path = environment.get(_PATH_PREFIX + name)
    if path is None:
        raise UserErrorException(f"The step has no input or output {name!r} with files.")
    return path


def paths(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Paths of all inputs and outputs by name."""
    begin = len(_PATH_PREFIX)
    return {name[begin:]: path for name, path in environment.items() if name.startswith(_PATH_PREFIX)}


def dataset_of(name: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """How an input's files are read, None where they are no dataset."""
    text = environment.get(_DATASET_PREFIX + name)
    return json.loads(text) if text else None


def say(text: str) -> None:
    """A line of the step's log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
