"""v1's AzureBatchStep: an executable on a pool of Azure Batch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class AzureBatchStep(PipelineStep):
    """Runs an executable of the source directory on Azure Batch.

    Raises:
        ValueError: The executable or the compute target is missing, or a port or argument is wrong.
    """

    step_type: ClassVar[str] = "azure_batch"

    def __init__(
        self,
        name: str,
        create_pool: bool = False,
        pool_id: str | None = None,
        delete_batch_job_after_finish: bool = True,
        delete_batch_pool_after_finish: bool = False,
        is_positive_exit_code_failure: bool = True,
        vm_image_urn: str = "urn:MicrosoftWindowsServer:WindowsServer:2012-R2-Datacenter",
        run_task_as_admin: bool = False,
        target_compute_nodes: int = 1,
        vm_size: str = "standard_d1_v2",
        source_directory: str | Path | None = None,
        executable: str | None = None,
        arguments: Sequence[Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        compute_target: Any = None,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        required(name, executable=executable, compute_target=compute_target)
        self._settings = {
            "create_pool": create_pool,
            "pool_id": pool_id,
            "delete_batch_job_after_finish": delete_batch_job_after_finish,
            "delete_batch_pool_after_finish": delete_batch_pool_after_finish,
            "is_positive_exit_code_failure": is_positive_exit_code_failure,
            "vm_image_urn": vm_image_urn,
            "run_task_as_admin": run_task_as_admin,
            "target_compute_nodes": target_compute_nodes,
            "vm_size": vm_size,
            "executable": executable,
        }
        super().__init__(
            name,
            inputs,
            outputs,
            arguments,
            source_directory=source_directory,
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """What was given, without what was not."""
        return {key: value for key, value in self._settings.items() if value is not None}
