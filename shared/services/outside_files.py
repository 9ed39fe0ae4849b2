"""Files that a step's compute keeps and its job reads there: notebooks, say, which people change outside of git.

What they contain is asked for when a step's reuse key is made, once per run, as the files of inputs are.
"""

from collections.abc import Mapping
from dataclasses import replace

from shared.core.definition import StepDefinition
from shared.core.errors import BackendError, NotFound
from shared.core.settings_binding import bind_settings
from shared.ports.compute import OutsideFiles
from shared.services.compute_targets import destination
from shared.services.workspace import RunContext, Workspace


def outside_contents(workspace: Workspace, context: RunContext, step: StepDefinition) -> tuple[dict[str, str], str]:
    """What tells one content of each file from another, by what the file is; and why that of one cannot be told.

    A file that nobody can tell anything of counts as another one in each run.

    Raises:
        BackendError: The compute service does not answer for now.
    """
    settings = bind_settings(step.settings, context.run.parameters)
    paths = workspace.step_types[step.type].outside_files(step.model_copy(update={"settings": settings}))
    if not paths:
        return {}, ""
    target = step.compute_target or context.definition.default_compute_target
    contents: dict[str, str] = {}
    unknown = ""
    for what, path in paths.items():
        known = _remembered(workspace, context, step, target, path)
        if isinstance(known, BackendError):
            contents[what] = f"unknown in run {context.run.run_id}"
            unknown = unknown or f"{what} ({str(known).removesuffix('.')})"
        else:
            contents[what] = known
    return contents, unknown


def changed_outside_file(
    workspace: Workspace, context: RunContext, step: StepDefinition, before: Mapping[str, str]
) -> str:
    """What changed of the files that a key was made from, "" where nothing did."""
    if not before:
        return ""
    now, _ = outside_contents(workspace, replace(context, outside={}), step)
    edited = next((what for what, content in before.items() if now.get(what) != content), "")
    return f"The content of {edited} changed" if edited else ""


def _remembered(
    workspace: Workspace, context: RunContext, step: StepDefinition, target: str, path: str
) -> str | BackendError:
    place = (target, path)
    if place not in context.outside:
        context.outside[place] = _asked(workspace, step, target, path)
    return context.outside[place]


def _asked(workspace: Workspace, step: StepDefinition, target: str, path: str) -> str | BackendError:
    try:
        backend = destination(workspace, step, target).backend
        if isinstance(backend, OutsideFiles):
            return backend.outside_file(path)
    except NotFound as error:
        return BackendError(str(error))
    except BackendError as error:
        if error.retryable:
            raise
        return error
    return BackendError(f"compute target `{target}` does not tell")
