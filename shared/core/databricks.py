"""Settings of a `databricks` step: their shapes, and the forms that places on Databricks are written in."""

from typing import Literal

from pydantic import Field

from .document import Document, Scalar

ENTRIES = ("notebook_path", "python_script_path", "python_script_name", "main_class_name", "wheel_package_name")
"""What a step can run: exactly one of them is given."""

DataSecurityMode = Literal[
    "NONE",
    "SINGLE_USER",
    "USER_ISOLATION",
    "DATA_SECURITY_MODE_AUTO",
    "DATA_SECURITY_MODE_DEDICATED",
    "DATA_SECURITY_MODE_STANDARD",
]

Place = Literal["workspace", "volumes", "dbfs", "storage"]


class MavenLibrary(Document):
    """A Maven package."""

    coordinates: str = Field(min_length=1)
    repo: str | None = None
    exclusions: tuple[str, ...] = ()


class PackageLibrary(Document):
    """A package of PyPI or CRAN."""

    package: str = Field(min_length=1)
    repo: str | None = None


class FileLibrary(Document):
    """A JAR, an egg, a wheel or a list of requirements, by its path on Databricks."""

    library: str = Field(min_length=1)


class DatabricksSettings(Document):
    """Settings of a `databricks` step: which cluster, and what runs on it.

    Attributes:
        existing_cluster_id: A cluster that exists; without one, a new cluster is described by the other fields.
        permit_cluster_restart: False refuses a cluster that does not run already, instead of having it started.
        num_workers: Fixed size of a new cluster; instead of `min_workers` and `max_workers`. 0 makes a single node.
        cluster_log_dbfs_path: Where the cluster's own logs go: below `dbfs:/` or `/Volumes/`.
        notebook_path: A notebook of the Databricks workspace. Its parameters are widgets.
        python_script_path: A script that lies on Databricks.
        python_script_name: A script of the step's source directory.
        main_class_name: A class of one of the JARs.
        wheel_package_name: A Python package of one of the wheels; not among v1's settings, as everything with `wheel`.
        run_name: What the run is called on Databricks; the job's name goes after it.
        timeout_seconds: Longest time with everything, the cluster's start too.
    """

    existing_cluster_id: str | None = Field(default=None, min_length=1)
    permit_cluster_restart: bool | None = None
    spark_version: str | None = Field(default=None, min_length=1)
    node_type: str | None = Field(default=None, min_length=1)
    instance_pool_id: str | None = Field(default=None, min_length=1)
    num_workers: int | None = Field(default=None, ge=0)
    min_workers: int | None = Field(default=None, ge=0)
    max_workers: int | None = Field(default=None, ge=1)
    spark_env_variables: dict[str, str] | None = None
    spark_conf: dict[str, Scalar] | None = None
    init_scripts: tuple[str, ...] | None = None
    cluster_log_dbfs_path: str | None = None
    data_security_mode: DataSecurityMode | None = None
    notebook_path: str | None = Field(default=None, min_length=1)
    notebook_params: dict[str, Scalar] | None = None
    python_script_path: str | None = Field(default=None, min_length=1)
    python_script_name: str | None = Field(default=None, min_length=1)
    python_script_params: tuple[Scalar, ...] | None = None
    main_class_name: str | None = Field(default=None, min_length=1)
    jar_params: tuple[Scalar, ...] | None = None
    wheel_package_name: str | None = Field(default=None, min_length=1)
    wheel_entry_point: str | None = Field(default=None, min_length=1)
    wheel_parameters: tuple[Scalar, ...] | None = None
    run_name: str | None = Field(default=None, min_length=1, max_length=4096)
    timeout_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    maven_libraries: tuple[MavenLibrary, ...] | None = None
    pypi_libraries: tuple[PackageLibrary, ...] | None = None
    egg_libraries: tuple[FileLibrary, ...] | None = None
    jar_libraries: tuple[FileLibrary, ...] | None = None
    rcran_libraries: tuple[PackageLibrary, ...] | None = None
    wheel_libraries: tuple[FileLibrary, ...] | None = None
    requirements_libraries: tuple[FileLibrary, ...] | None = None


def place_of(path: str) -> Place | None:
    """On which sort of storage of Databricks a path is; None for a path that is none of them."""
    if path.startswith("dbfs:/"):
        return "dbfs"
    if path.startswith("/Volumes/"):
        return "volumes"
    if path.startswith(("abfss://", "abfs://", "wasbs://", "wasb://")):
        return "storage"
    return "workspace" if path.startswith("/") and len(path) > 1 else None
