"""v1's KustoStep: queries on an Azure Data Explorer cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class KustoStep(PipelineStep):
    """Runs the queries of a directory against a database. Reuse is off unless asked for: tables change unseen.

    Raises:
        ValueError: Something is missing.
    """

    step_type: ClassVar[str] = "kusto"

    def __init__(
        self,
        name: str,
        compute_target: Any = None,
        database_name: str | None = None,
        query_directory: str | Path | None = None,
        output: Any = None,
        parameter_dict: Mapping[str, Any] | None = None,
        allow_reuse: bool = False,
        **options: Unpack[StepOptions],
    ) -> None:
        required(
            name,
            compute_target=compute_target,
            database_name=database_name,
            query_directory=query_directory,
            output=output,
        )
        self._settings = {"database_name": database_name, "parameter_dict": dict(parameter_dict or {})}
        super().__init__(
            name,
            None,
            [output],
            source_directory=query_directory,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """Database and parameters of the queries."""
        return dict(self._settings)
