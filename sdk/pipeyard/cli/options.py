"""Arguments and options that several commands share, and how their text becomes values."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._wire import Definition

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="Definition file (JSON).", show_default=False)]
RunReference = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run id, a unique beginning of one, or 'latest'.", show_default=False),
]
StepName = Annotated[str, typer.Argument(metavar="STEP", help="Name of the step.", show_default=False)]
OptionalStep = Annotated[str | None, typer.Argument(metavar="[STEP]", help="One step only.", show_default=False)]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A pipeline parameter; may be repeated."),
]
LabelOptions = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="NAME=VALUE", help="A label for the run; never changes what is reused."),
]
ExperimentName = Annotated[
    str | None, typer.Option("--experiment", "-e", help="Experiment of the run; the pipeline's name by default.")
]
Regenerate = Annotated[bool, typer.Option("--regenerate-outputs", help="Run every step, reuse nothing.")]
Continue = Annotated[
    bool, typer.Option("--continue-on-step-failure", help="Go on with steps that do not need the failed one.")
]
MaxParallel = Annotated[
    int | None, typer.Option("--max-parallel-steps", min=1, help="Most steps at once, for this run.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Watch until the end.")]

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})


def pairs(words: list[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` words as a dictionary.

    Raises:
        BadParameter: A word has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words or ():
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{word!r} should be NAME=VALUE.", param_hint=option)
        if name in found:
            raise typer.BadParameter(f"{name!r} is given twice.", param_hint=option)
        found[name] = value
    return found


def typed_parameters(words: list[str] | None, definition: Definition) -> dict[str, Any]:
    """Parameters with the types that the definition declares; unknown names are left for the workspace to refuse.

    A data path is written `DATASTORE:PATH`, a dataset as its id.

    Raises:
        BadParameter: A value does not fit its type.
    """
    declared = definition.get("parameters")
    values: dict[str, Any] = {}
    for name, text in pairs(words, "--parameter").items():
        entry = declared.get(name) if isinstance(declared, dict) else None
        kind = entry.get("type") if isinstance(entry, dict) else None
        try:
            values[name] = _convert(text, str(kind))
        except ValueError as error:
            raise typer.BadParameter(f"{name}={text}: {name!r} is of type {kind}.", param_hint="--parameter") from error
    return values


def _convert(text: str, kind: str) -> Any:
    if kind == "data_path":
        datastore, separator, path = text.partition(":")
        if not separator:
            raise ValueError(text)
        return {"datastore": datastore, "path": path}
    if kind == "dataset":
        return {"dataset_id": text}
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "bool":
        if text.lower() not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError(text)
        return text.lower() in TRUE_WORDS
    return text
