"""The step type that runs on a Databricks cluster (v1's DatabricksStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.core.document import Document
from shared.steps.base import OutsideStep

_ENTRIES = ("notebook_path", "python_script_path", "main_class_name", "python_script_name")


class DatabricksSettings(Document):
    """Settings of a `databricks` step: which cluster, and what runs on it.

    Attributes:
        existing_cluster_id: A cluster that exists; without one, a new cluster is described by the other fields.
        num_workers: Fixed size of a new cluster; instead of `min_workers` and `max_workers`.
        python_script_name: A script of the source directory; the other three entry points are on Databricks already.
    """

    existing_cluster_id: str | None = None
    spark_version: str | None = None
    node_type: str | None = None
    instance_pool_id: str | None = None
    num_workers: int | None = Field(default=None, ge=0)
    min_workers: int | None = Field(default=None, ge=0)
    max_workers: int | None = Field(default=None, ge=1)
    spark_env_variables: dict[str, str] | None = None
    spark_conf: dict[str, str] | None = None
    init_scripts: tuple[str, ...] | None = None
    cluster_log_dbfs_path: str | None = None
    notebook_path: str | None = None
    notebook_params: dict[str, Any] | None = None
    python_script_path: str | None = None
    python_script_params: tuple[Any, ...] | None = None
    main_class_name: str | None = None
    jar_params: tuple[Any, ...] | None = None
    python_script_name: str | None = None
    run_name: str | None = None
    timeout_seconds: float | None = Field(default=None, gt=0)
    maven_libraries: tuple[dict[str, Any], ...] | None = None
    pypi_libraries: tuple[dict[str, Any], ...] | None = None
    egg_libraries: tuple[dict[str, Any], ...] | None = None
    jar_libraries: tuple[dict[str, Any], ...] | None = None
    rcran_libraries: tuple[dict[str, Any], ...] | None = None
    permit_cluster_restart: bool | None = None

    @model_validator(mode="after")
    def _one_cluster_and_one_entry(self) -> Self:
        given = [name for name in _ENTRIES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"Exactly one of {', '.join(f'`{name}`' for name in _ENTRIES)} must be given.")
        if self.node_type is not None and self.instance_pool_id is not None:
            raise ValueError("Only one of `node_type` and `instance_pool_id` can be given.")
        if self.existing_cluster_id is None:
            self._check_new_cluster()
        elif self.num_workers is not None or self.min_workers is not None or self.max_workers is not None:
            raise ValueError("An existing cluster has its size: leave out the numbers of workers.")
        return self

    def _check_new_cluster(self) -> None:
        fixed = self.num_workers is not None
        range_ = (self.min_workers is not None, self.max_workers is not None)
        if fixed == any(range_) or (any(range_) and not all(range_)):
            raise ValueError("A new cluster needs `num_workers`, or both `min_workers` and `max_workers`, never both.")
        if self.permit_cluster_restart is not None:
            raise ValueError("`permit_cluster_restart` is for an existing cluster.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabricksStep(OutsideStep):
    """Needs a Databricks back-end."""

    settings_model: ClassVar[type[Document]] = DatabricksSettings

    name: str = "databricks"
    missing_backend: str | None = "Databricks"
    compute_kinds: frozenset[str] | None = frozenset({"Databricks"})
