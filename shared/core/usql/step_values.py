"""What a step gives its script: the script's text, and what each `@@name@@` in it stands for."""

from collections.abc import Mapping

from ..data_lake_analytics import MAX_SCRIPT_BYTES
from ..wording import quoted
from .problems import CompileFailed, Position, Problem

PARAMETER_PREFIX = "AML_PARAMETER_"
"""Variables of a job that begin like this are the step's values."""

_BEGIN = Position(1, 1)


def script_text(data: bytes) -> str:
    """The text of a script.

    Raises:
        CompileFailed: It is too large, or no text.
    """
    if len(data) > MAX_SCRIPT_BYTES:
        message = f"The script is larger than {MAX_SCRIPT_BYTES // 1024 // 1024} MB."
        raise CompileFailed([Problem(_BEGIN, message)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CompileFailed([Problem(_BEGIN, f"The script is not in UTF-8: {error}.")]) from error


def step_values(environment: Mapping[str, str], ports: Mapping[str, str]) -> dict[str, str]:
    """Values by name: those of the job's variables, and the places of its inputs and outputs.

    Raises:
        CompileFailed: A name is that of a port and of a value.
    """
    begin = len(PARAMETER_PREFIX)
    scalars = {name[begin:]: text for name, text in environment.items() if name.startswith(PARAMETER_PREFIX)}
    if both := sorted(scalars.keys() & ports.keys()):
        message = "{} is the name of an input or output and of a param: give one of them another name."
        raise CompileFailed([Problem(_BEGIN, message.format(quoted(name))) for name in both])
    return {**scalars, **ports}
