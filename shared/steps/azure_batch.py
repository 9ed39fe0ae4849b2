"""The step type that runs an executable on an Azure Batch pool (v1's AzureBatchStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import Field, model_validator

from shared.core.document import Document
from shared.steps.base import OutsideStep


class AzureBatchSettings(Document):
    """Settings of an `azure_batch` step; v1's names and defaults.

    Attributes:
        pool_id: The pool; needed where none is created.
    """

    executable: str = Field(min_length=1)
    create_pool: bool = False
    pool_id: str | None = None
    delete_batch_job_after_finish: bool = True
    delete_batch_pool_after_finish: bool = False
    is_positive_exit_code_failure: bool = True
    vm_image_urn: str = "urn:MicrosoftWindowsServer:WindowsServer:2012-R2-Datacenter"
    run_task_as_admin: bool = False
    target_compute_nodes: int = Field(default=1, ge=1)
    vm_size: str = "standard_d1_v2"

    @model_validator(mode="after")
    def _some_pool(self) -> Self:
        if not self.create_pool and not self.pool_id:
            raise ValueError("Without `create_pool`, the step needs the `pool_id` of a pool that exists.")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureBatchStep(OutsideStep):
    """Needs a Azure Batch back-end."""

    settings_model: ClassVar[type[Document]] = AzureBatchSettings

    name: str = "azure_batch"
    missing_backend: str | None = "Azure Batch"
    compute_kinds: frozenset[str] | None = frozenset({"Batch"})
