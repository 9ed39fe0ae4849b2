"""Definition files: a definition document whose steps may name a `source_directory` instead of a `snapshot`.

The path is relative to the file. The document that leaves this module is a plain definition (docs/definition.md).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeyard._snapshots import LocalSnapshot, take_snapshot
from pipeyard._wire import Definition
from pipeyard.exceptions import Fault, SnapshotException, UserErrorException

SOURCE_DIRECTORY = "source_directory"
SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPipeline:
    """A definition together with the source directories that its steps need.

    Attributes:
        definition: With digests in place of source directories.
        snapshots: One per distinct source directory, to be uploaded before a submit.
    """

    definition: Definition
    snapshots: tuple[LocalSnapshot, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the source directories."""
        return tuple(f"{item.directory}: {warning}" for item in self.snapshots for warning in item.warnings)


def load_pipeline(file: Path) -> LocalPipeline:
    """Read a definition file and the source directories that it names.

    Raises:
        UserErrorException: The file or a source directory is wrong; lists every fault.
    """
    document = _read_document(file)
    faults: list[Fault] = []
    snapshots: dict[Path, LocalSnapshot] = {}
    steps = document.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict) and SOURCE_DIRECTORY in step:
            fault = _resolve(step, f"/steps/{index}/{SOURCE_DIRECTORY}", file.parent, snapshots)
            faults += [fault] if fault else []
    if faults:
        raise UserErrorException(f"{file} cannot be submitted:", code="invalid_document", faults=faults)
    return LocalPipeline(definition=document, snapshots=tuple(snapshots.values()))


def _read_document(file: Path) -> Definition:
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UserErrorException(f"There is no definition file {file}.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UserErrorException(f"{file} is not JSON: {error.msg} at {place}.") from error
    except (OSError, ValueError) as error:
        raise UserErrorException(f"{file} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise UserErrorException(f'{file} is no definition: it must be an object with "name" and "steps".')
    return document


def _resolve(step: dict[str, Any], pointer: str, base: Path, snapshots: dict[Path, LocalSnapshot]) -> Fault | None:
    """Put the digest of a step's source directory into the step."""
    named = step.pop(SOURCE_DIRECTORY)
    if not isinstance(named, str) or not named:
        return Fault(pointer, "This must be a path.", 'Write it relative to this file, such as "src/train".')
    if step.get(SNAPSHOT) is not None:
        return Fault(pointer, f"The step has a {SOURCE_DIRECTORY} and a {SNAPSHOT}.", "Keep one of them.")
    directory = base / named
    if not directory.is_dir():
        return Fault(pointer, f"There is no directory {directory}.", "The path is relative to the definition file.")
    key = directory.resolve()
    try:
        if key not in snapshots:
            snapshots[key] = take_snapshot(directory)
    except SnapshotException as error:
        return Fault(pointer, error.message)
    step[SNAPSHOT] = snapshots[key].digest
    return None
