"""v1's `azureml.core.experiment`."""

import builtins
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.pipeline.core.run import PipelineRun

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")


class Experiment:
    """A named collection of runs; it comes into being with its first run.

    Attributes:
        workspace: Where it lives.
        name: 1 to 255 letters, digits, `-` and `_`; the first is a letter or a digit.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        if not NAME_PATTERN.fullmatch(name):
            raise UserErrorException(
                f"{name!r} is no name for an experiment. "
                "Use 1 to 255 letters, digits, dashes and underscores; begin with a letter or a digit."
            )
        self.workspace = workspace
        self.name = name

    @staticmethod
    def list(workspace: Workspace) -> "builtins.list[Experiment]":
        """Every experiment of a workspace."""
        experiments: list[Experiment] = []
        token: str | None = None
        while True:
            page = workspace.client.list_experiments(continuation_token=token)
            experiments += [Experiment(workspace, item["name"]) for item in page["value"]]
            token = page["continuation_token"]
            if token is None:
                return experiments

    def get_runs(self) -> "Iterator[PipelineRun]":
        """The experiment's pipeline runs, newest first, fetched as they are asked for."""
        from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the two modules name each other)

        token: str | None = None
        while True:
            page = self.workspace.client.list_runs(experiment=self.name, continuation_token=token)
            yield from (PipelineRun(self, item["run_id"]) for item in page["value"])
            token = page["continuation_token"]
            if token is None:
                return

    def __repr__(self) -> str:
        return f"Experiment(name={self.name!r})"
