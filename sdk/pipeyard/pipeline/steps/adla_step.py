"""v1's AdlaStep: a U-SQL script on Data Lake Analytics, which Azure has retired."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep, ignore_hash_paths
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class AdlaStep(PipelineStep):
    """Runs a U-SQL script, with `@@name@@` replaced by inputs, outputs and params.

    Raises:
        ValueError: The script or the compute target is missing, or a port is wrong.
    """

    step_type: ClassVar[str] = "data_lake_analytics"
    takes_source: ClassVar[bool] = True

    def __init__(
        self,
        script_name: str,
        name: str | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        degree_of_parallelism: int | None = None,
        priority: int | None = None,
        runtime_version: str | None = None,
        compute_target: Any = None,
        source_directory: str | Path | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        name = name or script_name
        required(name or "AdlaStep", script_name=script_name, compute_target=compute_target)
        ignore_hash_paths(name, hash_paths)
        self._settings = {
            "script_name": script_name,
            "degree_of_parallelism": degree_of_parallelism,
            "priority": priority,
            "runtime_version": runtime_version,
        }
        super().__init__(
            name,
            inputs,
            outputs,
            params=params,
            source_directory=source_directory,
            script_name=script_name,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """What was given, without what was not."""
        return {key: value for key, value in self._settings.items() if value is not None}
