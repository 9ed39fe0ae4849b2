"""Where on a datastore an output goes: v1's place of its own for each step run, or a template of the author's."""

import re

from . import names
from .bindings import StepOutput
from .errors import Fault
from .paths import relative_path_fault

_PLACEHOLDER = re.compile(r"\{run-id\}|\{output-name\}")


def place_faults(template: str | None) -> list[Fault]:
    """What is wrong with the `path` of an output; the pointers are ""."""
    if template is None:
        return []
    filled = _PLACEHOLDER.sub("x", template)
    sentence = relative_path_fault(filled)
    if sentence is not None:
        return [Fault(pointer="", message=sentence)]
    if "{" in filled or "}" in filled:
        message = "The path has braces that are no placeholder."
        return [Fault(pointer="", message=message, suggestion="There are two: `{run-id}` and `{output-name}`.")]
    return []


def output_place(output: StepOutput, run_id: str, ordinal: int, name: str) -> str:
    """Where an output lies on its datastore."""
    if output.path is None:
        return names.output_path(run_id, ordinal, name)
    values = {"{run-id}": names.step_run_id(run_id, ordinal), "{output-name}": name}
    return _PLACEHOLDER.sub(lambda match: values[match[0]], output.path)
