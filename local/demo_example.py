"""Examples that `local.demo` can show: every folder of `examples/` with a `demo.json` of the shape below."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DESCRIPTION = "demo.json"
DATA_LIMIT_SECONDS = 120


class ExampleError(Exception):
    """The example does not exist or its description is wrong; the message says what to do."""


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Download(_Described):
    """An output to keep for the user to look at."""

    step: str
    output: str


class Change(_Described):
    """An edit of one source file, to show what runs again.

    Attributes:
        text: What it means, to follow "Now".
        file: Path below the example.
        replace: Text that occurs exactly once in the file, and what takes its place.
        reruns: Names of the steps that must run again; every other step must be reused.
        cancel: Step during which the run is canceled, once it has written to its log; None lets the run end.
    """

    text: str
    file: str
    replace: tuple[str, str]
    reruns: tuple[str, ...]
    cancel: str | None = None


class Round(_Described):
    """A file that arrives and starts a run.

    Attributes:
        text: What happens, as a heading.
        file: Path of the file, below the data script's directory and on the datastore.
        metrics: Values that the last step must log.
    """

    text: str
    file: str
    metrics: dict[str, float]


class Arrivals(_Described):
    """Files that arrive one after the other, for a schedule that waits for them.

    Attributes:
        path: The folder that the schedule watches.
        rounds: In order.
    """

    path: str
    rounds: tuple[Round, ...]


class Description(_Described):
    """A `demo.json`.

    Attributes:
        title: One line.
        pipeline: Definition file.
        data: Script that writes the input data below the directory it is given; the files are uploaded to the
            default datastore under the same paths.
        compute_targets: What is created or attached first, by name.
        containers: Datastores besides the default one: their containers by name.
        scores: Step whose numeric metrics are the result.
        downloads: Outputs that the user gets to see.
        change: What is edited for the third run; or
        arrivals: the files that start runs. Exactly one of the two.
    """

    title: str
    pipeline: str
    data: str | None = None
    compute_targets: dict[str, dict[str, Any]] = {}
    containers: dict[str, str] = {}
    scores: str | None = None
    downloads: tuple[Download, ...] = ()
    change: Change | None = None
    arrivals: Arrivals | None = None

    @model_validator(mode="after")
    def _one_story(self) -> Self:
        if (self.change is None) == (self.arrivals is None):
            raise ValueError("A demo shows either a change or arrivals.")
        return self


def example_names() -> list[str]:
    """Examples that can be shown."""
    return sorted(file.parent.name for file in EXAMPLES.glob(f"*/{DESCRIPTION}"))


def read_description(name: str) -> Description:
    """The description of an example.

    Raises:
        ExampleError: There is no such example, or its description is wrong.
    """
    if name not in example_names():
        raise ExampleError(f"There is no example {name!r}. Choose one of: {', '.join(example_names())}.")
    file = EXAMPLES / name / DESCRIPTION
    try:
        return Description.model_validate(json.loads(file.read_text()))
    except (ValueError, ValidationError) as error:
        raise ExampleError(f"{file} is wrong: {error}") from error


def make_data(name: str, description: Description, directory: Path) -> list[Path]:
    """Run the example's data script; returns the files that it wrote below `directory`.

    Raises:
        ExampleError: The script failed.
    """
    if description.data is None:
        return []
    script = EXAMPLES / name / description.data
    done = subprocess.run(
        [sys.executable, str(script), str(directory)],
        capture_output=True,
        text=True,
        timeout=DATA_LIMIT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ExampleError(f"{script} failed:\n{done.stdout}{done.stderr}")
    return sorted(file for file in directory.rglob("*") if file.is_file())


def changed_copy(name: str, change: Change, directory: Path) -> Path:
    """Copy the example below `directory` and edit it there. Returns the copy.

    Raises:
        ExampleError: The text to replace does not occur exactly once.
    """
    copy = directory / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / change.file
    text = file.read_text()
    old, new = change.replace
    if text.count(old) != 1:
        raise ExampleError(f"{old!r} occurs {text.count(old)} times in {change.file} instead of once.")
    file.write_text(text.replace(old, new))
    return copy
