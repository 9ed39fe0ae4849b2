"""v1's `azureml.core.experiment`: runs under one name, and the door through which everything is submitted."""

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeyard._checks import not_offered, require_workspace
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.pipeline.core._plan import Plan
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")


def checked_name(name: Any) -> str:
    """The same name, once it is known that it can name an experiment.

    Raises:
        UserErrorException: It cannot.
    """
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise UserErrorException(
            f"{name!r} is no name for an experiment. "
            "Use 1 to 255 letters, digits, dashes and underscores; begin with a letter or a digit."
        )
    return name


class Experiment:
    """A named collection of runs; it comes into being with its first run.

    Attributes:
        workspace: Where it lives.
        name: 1 to 255 letters, digits, `-` and `_`; the first is a letter or a digit.
    """

    def __init__(self, workspace: Workspace, name: str, **kwargs: Any) -> None:
        del kwargs
        require_workspace(workspace, "Experiment")
        self.workspace = workspace
        self.name = checked_name(name)

    @property
    def id(self) -> str:
        """Its name, which no other has."""
        return self.name

    @staticmethod
    def list(
        workspace: Workspace, experiment_name: str | None = None, view_type: object = None, tags: object = None
    ) -> "builtins.list[Experiment]":
        """Every experiment of a workspace."""
        del view_type, tags
        require_workspace(workspace, "Experiment.list")
        from pipeyard._clients._paging import pages  # noqa: PLC0415  (loads httpx)

        names = [item["name"] for item in pages(workspace.client.http, "/api/experiments")]
        return [Experiment(workspace, name) for name in names if experiment_name in {None, name}]

    def submit(self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any) -> Any:
        """Start a run.

        Args:
            config: A Pipeline, PublishedPipeline, PipelineEndpoint, ScriptRunConfig (runs as a pipeline of one step)
                or HyperDriveConfig.
            tags: For people and searches.
            kwargs: What the kind takes, such as `pipeline_parameters`, `regenerate_outputs` and
                `continue_on_step_failure`. An unknown name is an error; v1 ignored it silently.

        Raises:
            UserErrorException: Nothing can be submitted of it, or a keyword is not known; lists the known ones.
        """
        from pipeyard.core._submitters import submit  # noqa: PLC0415  (needs everything that can be submitted)

        return submit(self, config, tags, kwargs)

    def plan(
        self,
        pipeline: Any,
        pipeline_parameters: Mapping[str, Any] | None = None,
        regenerate_outputs: bool = False,
    ) -> "Plan":
        """What a submit would run and what it would reuse, and why; print it for a table. No run is started."""
        plan: Plan = pipeline.plan(self.name, pipeline_parameters, regenerate_outputs)
        return plan

    def get_runs(
        self,
        type: str | None = None,  # noqa: A002  (v1's name)
        tags: Any = None,
        properties: Any = None,
        include_children: bool = False,
        *,
        status: str | None = None,
    ) -> "Iterator[PipelineRun]":
        """The experiment's pipeline runs, newest first, fetched as they are asked for.

        Args:
            type: Kept for v1's sake: all are pipeline runs.
            tags: A key, or a dictionary of keys and values, that a run must have.
            properties: Likewise.
            include_children: Also runs that steps of other runs started.
            status: Only runs in this state.
        """
        del type, include_children
        from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the two modules name each other)

        token: str | None = None
        while True:
            page = self.workspace.client.list_runs(experiment=self.name, status=status, continuation_token=token)
            for item in page["value"]:
                if _has(item.get("labels", {}), tags) and _has(item.get("properties", {}), properties):  # type: ignore[arg-type]
                    yield PipelineRun(self, item["run_id"])
            token = page["continuation_token"]
            if token is None:
                return

    def start_logging(self, *_: Any, **__: Any) -> Any:
        """The run around this process, or an offline run: interactive runs are not kept in the workspace."""
        from pipeyard.core.run import Run  # noqa: PLC0415  (the two modules name each other)

        return Run.get_context()

    def archive(self) -> None:
        """Refused: experiments are names."""
        raise not_offered("archiving experiments", "An experiment is a name; stop using it.")

    def reactivate(self, new_name: str | None = None) -> None:
        """Refused: experiments are names."""
        del new_name
        raise not_offered("reactivating experiments", "An experiment is a name; use it again.")

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Refused: a run's history stays."""
        del workspace, experiment_id
        raise not_offered("deleting experiments", "The history of runs stays; the workspace's retention decides.")

    def tag(self, key: str, value: str | None = None) -> None:
        """Refused: runs have tags."""
        del value
        raise not_offered("tags of experiments", f"Give {key!r} to runs: experiment.submit(..., tags=...).")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Refused: runs have tags."""
        self.tag(", ".join(tags))

    def remove_tags(self, tags: Any) -> None:
        """Refused: runs have tags."""
        self.tag(tags if isinstance(tags, str) else ", ".join(tags))

    def refresh(self) -> None:
        """Nothing to do: nothing is kept here."""

    def __repr__(self) -> str:
        return f"Experiment(name={self.name!r})"


def _has(found: Mapping[str, str], wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in found
    return all(found.get(key) == str(value) for key, value in dict(wanted).items())
