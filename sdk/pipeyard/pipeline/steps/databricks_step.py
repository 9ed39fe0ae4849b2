"""v1's DatabricksStep: a notebook, a Python script or a JAR on Databricks; a wheel as well, which v1 did not run."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.core.runconfig import (
    EggLibrary,
    JarLibrary,
    MavenLibrary,
    PyPiLibrary,
    RCranLibrary,
    RunConfiguration,
)
from pipeyard.pipeline.core.builder import PipelineStep, ignore_hash_paths
from pipeyard.pipeline.steps._options import StepOptions, required

__all__ = ["DatabricksStep", "EggLibrary", "JarLibrary", "MavenLibrary", "PyPiLibrary", "RCranLibrary"]

# ruff: noqa: FBT001, FBT002  (v1's signatures)

DEFAULT_SPARK = "10.4.x-scala2.12"
DEFAULT_NODE = "Standard_D3_v2"
_ENTRIES = ("notebook_path", "python_script_path", "main_class_name", "python_script_name", "wheel_package_name")


class DatabricksStep(PipelineStep):
    """Runs on Databricks; v1's documentation describes the arguments, docs/databricks.md what happens there.

    What v1 did not have:

    - `wheel_package_name`, `wheel_entry_point` and `wheel_parameters` run a Python wheel instead of a notebook, script
      or JAR;
    - `wheel_libraries` and `requirements_libraries` are paths on Databricks of wheels and of lists of requirements;
    - `data_security_mode` of a new cluster, such as `SINGLE_USER`.

    Raises:
        ValueError: Cluster or entry point are described in no way or in two.
    """

    step_type: ClassVar[str] = "databricks"

    def __init__(
        self,
        name: str,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        existing_cluster_id: str | None = None,
        spark_version: str | None = None,
        node_type: str | None = None,
        instance_pool_id: str | None = None,
        num_workers: int | None = None,
        min_workers: int | None = None,
        max_workers: int | None = None,
        spark_env_variables: Mapping[str, str] | None = None,
        spark_conf: Mapping[str, str] | None = None,
        init_scripts: Sequence[str] | None = None,
        cluster_log_dbfs_path: str | None = None,
        notebook_path: str | None = None,
        notebook_params: Mapping[str, Any] | None = None,
        python_script_path: str | None = None,
        python_script_params: Sequence[Any] | AbstractSet[Any] | None = None,
        main_class_name: str | None = None,
        jar_params: Sequence[Any] | AbstractSet[Any] | None = None,
        python_script_name: str | None = None,
        source_directory: str | Path | None = None,
        hash_paths: Sequence[str] | None = None,
        run_name: str | None = None,
        timeout_seconds: float | None = None,
        runconfig: RunConfiguration | None = None,
        maven_libraries: Sequence[MavenLibrary] | None = None,
        pypi_libraries: Sequence[PyPiLibrary] | None = None,
        egg_libraries: Sequence[EggLibrary] | None = None,
        jar_libraries: Sequence[JarLibrary] | None = None,
        rcran_libraries: Sequence[RCranLibrary] | None = None,
        compute_target: Any = None,
        allow_reuse: bool = True,
        version: str | None = None,
        permit_cluster_restart: bool | None = None,
        *,
        data_security_mode: str | None = None,
        wheel_package_name: str | None = None,
        wheel_entry_point: str | None = None,
        wheel_parameters: Sequence[Any] | None = None,
        wheel_libraries: Sequence[str] | None = None,
        requirements_libraries: Sequence[str] | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        ignore_hash_paths(name, hash_paths)
        cluster = {
            "existing_cluster_id": existing_cluster_id,
            "spark_version": spark_version,
            "node_type": node_type,
            "instance_pool_id": instance_pool_id,
            "num_workers": num_workers,
            "min_workers": min_workers,
            "max_workers": max_workers,
        }
        entry = {
            "notebook_path": notebook_path,
            "python_script_path": python_script_path,
            "main_class_name": main_class_name,
            "python_script_name": python_script_name,
            "wheel_package_name": wheel_package_name,
        }
        check_cluster(name, cluster)
        if permit_cluster_restart is not None and existing_cluster_id is None:
            raise ValueError(f"Step {name!r}: permit_cluster_restart needs an existing_cluster_id.")
        check_entry(name, entry, source_directory)
        required(name, compute_target=compute_target)
        if existing_cluster_id is None:
            cluster["spark_version"] = spark_version or DEFAULT_SPARK
            if instance_pool_id is None:
                cluster["node_type"] = node_type or DEFAULT_NODE
        self._settings = {
            **cluster,
            **entry,
            "spark_env_variables": spark_env_variables,
            "spark_conf": spark_conf,
            "init_scripts": init_scripts,
            "cluster_log_dbfs_path": cluster_log_dbfs_path,
            "notebook_params": notebook_params,
            "data_security_mode": data_security_mode,
            "python_script_params": python_script_params,
            "jar_params": jar_params,
            "wheel_entry_point": wheel_entry_point,
            "wheel_parameters": wheel_parameters,
            "wheel_libraries": _paths(wheel_libraries),
            "requirements_libraries": _paths(requirements_libraries),
            "run_name": run_name,
            "timeout_seconds": timeout_seconds,
            "maven_libraries": maven_libraries,
            "pypi_libraries": pypi_libraries,
            "egg_libraries": egg_libraries,
            "jar_libraries": jar_libraries,
            "rcran_libraries": rcran_libraries,
            "permit_cluster_restart": permit_cluster_restart,
        }
        super().__init__(
            name,
            inputs,
            outputs,
            source_directory=source_directory,
            script_name=python_script_name,
            compute_target=compute_target,
            runconfig=runconfig,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """What was given, without what was not."""
        return {key: _documented(value) for key, value in self._settings.items() if value is not None}


def check_cluster(name: str, cluster: Mapping[str, Any]) -> None:
    """Check that a cluster is described in exactly one way.

    Raises:
        ValueError: It is not.
    """
    if cluster["node_type"] is not None and cluster["instance_pool_id"] is not None:
        raise ValueError(f"Step {name!r}: give node_type or instance_pool_id, not both.")
    fixed = cluster["num_workers"] is not None
    bounds = [cluster["min_workers"] is not None, cluster["max_workers"] is not None]
    if cluster["existing_cluster_id"] is not None:
        more = [key for key, value in cluster.items() if value is not None and key != "existing_cluster_id"]
        if more:
            raise ValueError(f"Step {name!r}: an existing cluster takes no {', '.join(more)}.")
        return
    if fixed and any(bounds):
        raise ValueError(f"Step {name!r}: give num_workers, or min_workers and max_workers, not both forms.")
    if not fixed and not all(bounds):
        raise ValueError(
            f"Step {name!r} needs an existing_cluster_id, or num_workers, or both min_workers and max_workers."
        )


def check_entry(name: str, entry: Mapping[str, Any], source_directory: object) -> None:
    """Check that there is exactly one thing to run.

    Raises:
        ValueError: There is none, or there are several, or a script has no source directory.
    """
    given = [key for key in _ENTRIES if entry[key] is not None]
    if len(given) != 1:
        raise ValueError(
            f"Step {name!r} needs exactly one of {', '.join(_ENTRIES)}; it has {', '.join(given) or 'none'}."
        )
    if given == ["python_script_name"] and source_directory is None:
        raise ValueError(f"Step {name!r}: python_script_name needs a source_directory.")


def _paths(paths: Sequence[str] | None) -> list[dict[str, str]] | None:
    return None if paths is None else [{"library": str(path)} for path in paths]


def _documented(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {key: item for key, item in asdict(value).items() if item not in (None, [])}
    if isinstance(value, list | tuple):
        return [_documented(item) for item in value]
    if isinstance(value, set | frozenset):  # v1's own examples give parameters so; reuse needs an order that stays
        return sorted((_documented(item) for item in value), key=str)
    return dict(value) if isinstance(value, Mapping) else value
