"""Code that is known to be wrong before anything runs: told to whoever submits it, and once more when its step begins.

A step that begins is mostly known to be right. What a request was too large for is looked at then, and what another
version of the app has accepted.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from shared.core import names
from shared.core.bindings import ParameterValue
from shared.core.canonical import digest
from shared.core.definition import StepDefinition
from shared.core.errors import BackendError, Fault
from shared.core.records import StepRecord
from shared.core.settings_binding import bind_settings
from shared.core.snapshots import SnapshotFile
from shared.core.wording import Suggester, quoted
from shared.services.documents import snapshot_file_blob
from shared.services.step_variables import step_variables
from shared.services.workspace import RunContext, Workspace
from shared.steps.base import StepType

_MOST = 20
"""Faults in a step's row; the log has all of them."""
MOST_BYTES = 128 * 1024
"""Code that is looked at for one request: about a second, and the rest is for the step."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is wrong with some code, and the first step that has it."""

    step: str
    faults: list[Fault]


class CodeChecks:
    """What is wrong with the code of steps. The same code with the same values is looked at once.

    Args:
        workspace: The workspace, which has the steps' snapshots.
        most_bytes: Code beyond this is passed over.
    """

    def __init__(self, workspace: Workspace, *, most_bytes: int = MOST_BYTES) -> None:
        self._workspace = workspace
        self._left = most_bytes
        self._snapshots: dict[str, dict[str, SnapshotFile]] = {}
        self._code: dict[str, bytes] = {}
        self._found: dict[str, _Found] = {}
        self._suggester = Suggester()

    def faults(self, step: StepDefinition, parameters: Mapping[str, ParameterValue]) -> list[Fault]:
        """Faults of a step that is right otherwise and whose snapshot is there, with pointers relative to the step.

        Args:
            step: The step.
            parameters: Those that the step uses, with their values.

        Raises:
            NotFound: The snapshot is not there.
        """
        step_type = self._workspace.step_types[step.type]
        bound = step.model_copy(update={"settings": bind_settings(step.settings, parameters)})
        paths = step_type.code_files(bound)
        if not paths or step.snapshot is None:
            return []
        files = self._files(step.snapshot)
        missing = [self._missing(pointer, path, files) for pointer, path in paths.items() if path not in files]
        if missing or not step_type.reads_code:
            return missing
        variables = step_variables(step, parameters)
        return self._code_faults(step_type, bound, variables, [files[each] for each in paths.values()])

    def _code_faults(
        self, step_type: StepType, step: StepDefinition, variables: Mapping[str, str], files: list[SnapshotFile]
    ) -> list[Fault]:
        ports = [{name: source.kind for name, source in step.inputs.items()}, sorted(step.outputs)]
        code = [[file.path, file.sha256] for file in files]
        key = digest("pipeyard.code", [step.type, step.settings, dict(variables), ports, code])
        known = self._found.get(key)
        if known is None:
            size = sum(file.size for file in files)
            if size > self._left:
                return []
            self._left -= size
            read = {file.path: self._read(file) for file in files}
            self._found[key] = _Found(step.name, step_type.code_faults(step, variables, read))
            return self._found[key].faults
        message = f"It is as wrong as in step {quoted(known.step)}, whose faults are listed."
        return [Fault(pointer=each, message=message) for each in dict.fromkeys(fault.pointer for fault in known.faults)]

    def _files(self, snapshot: str) -> dict[str, SnapshotFile]:
        if snapshot not in self._snapshots:
            self._snapshots[snapshot] = {file.path: file for file in self._workspace.manifest(snapshot).files}
        return self._snapshots[snapshot]

    def _read(self, file: SnapshotFile) -> bytes:
        if file.sha256 not in self._code:
            blob = snapshot_file_blob(file.sha256)
            self._code[file.sha256] = self._workspace.services.blobs.get(names.SYSTEM_CONTAINER, blob)
        return self._code[file.sha256]

    def _missing(self, pointer: str, path: str, files: Mapping[str, SnapshotFile]) -> Fault:
        message = f"The script {path} is not in the step's source directory."
        return Fault(pointer=pointer, message=message, suggestion=self._suggester.suggest(path, files))


def refuse_faulty_code(workspace: Workspace, context: RunContext, row: StepRecord) -> None:
    """Keep a job from starting whose code cannot run; its log says why.

    Raises:
        BackendError: It names everything that is wrong.
    """
    found = CodeChecks(workspace, most_bytes=sys.maxsize).faults(context.step(row.ordinal), context.run.parameters)
    if not found:
        return
    faults = [fault.message for fault in found]
    end = "Nothing has run." if len(faults) == 1 else f"{len(faults)} errors: nothing has run."
    log = f"{names.artifact_prefix(row.run_id, row.ordinal)}/{names.log_name(row.attempt)}"
    text = "".join(f"{line}\n" for line in (*faults, end))
    blobs = workspace.services.blobs
    blobs.put(names.ARTIFACT_CONTAINER, log, text.encode(), content_type="text/plain; charset=utf-8")
    shown = faults if len(faults) <= _MOST else [*faults[:_MOST], "Its log has the others."]
    raise BackendError("\n".join((*shown, end)))
