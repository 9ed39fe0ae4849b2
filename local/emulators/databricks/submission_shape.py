"""The parts of a body of `runs/submit` that the emulator reads, and their types; what else is in it may be anything."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from local.emulators.databricks.errors import invalid

_MAX_TASKS = 100
_MAX_TOKEN = 64
_MAX_SAID = 3


class Shape(BaseModel):
    """An object of the body."""

    model_config = ConfigDict(extra="allow", strict=True)


class Place(Shape):
    """Where an init script lies."""

    destination: str


class Autoscale(Shape):
    """How large a cluster may be."""

    min_workers: NonNegativeInt
    max_workers: NonNegativeInt


class Cluster(Shape):
    """A cluster to be made."""

    spark_version: str = Field(min_length=1)
    node_type_id: str = ""
    instance_pool_id: str = ""
    num_workers: NonNegativeInt = 0
    autoscale: Autoscale | None = None
    spark_env_vars: dict[str, str] = {}
    spark_conf: dict[str, str] = {}
    init_scripts: list[dict[str, Place]] = []


class Package(Shape):
    """A package of PyPI or CRAN."""

    package: str
    repo: str = ""


class Maven(Shape):
    """A package of Maven."""

    coordinates: str


class Library(Shape):
    """A library: one of these."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pypi: Package | None = None
    cran: Package | None = None
    maven: Maven | None = None
    jar: str | None = None
    egg: str | None = None
    whl: str | None = None
    requirements: str | None = None


class Notebook(Shape):
    """A notebook to run."""

    notebook_path: str
    base_parameters: dict[str, str] = {}
    source: str = ""


class Script(Shape):
    """A script to run."""

    python_file: str
    parameters: list[str] = []
    source: str = ""


class Wheel(Shape):
    """An entry point to run."""

    package_name: str
    entry_point: str
    parameters: list[str] = []
    named_parameters: dict[str, str] = {}


class Jar(Shape):
    """A class to run."""

    main_class_name: str
    parameters: list[str] = []


class Dependency(Shape):
    """A task that must have succeeded."""

    task_key: str


class Task(Shape):
    """One task."""

    task_key: str = Field(pattern=r"^[\w-]{1,100}$")
    depends_on: list[Dependency] = []
    new_cluster: Cluster | None = None
    existing_cluster_id: str | None = None
    environment_key: str | None = None
    libraries: list[Library] = []
    timeout_seconds: NonNegativeInt = 0
    notebook_task: Notebook | None = None
    spark_python_task: Script | None = None
    python_wheel_task: Wheel | None = None
    spark_jar_task: Jar | None = None


class EnvironmentSpec(Shape):
    """What a serverless environment has."""

    dependencies: list[str] = []


class Environment(Shape):
    """A serverless environment."""

    environment_key: str
    spec: EnvironmentSpec = EnvironmentSpec()


class Submission(Shape):
    """The whole body."""

    run_name: str = ""
    idempotency_token: str = Field(default="", max_length=_MAX_TOKEN)
    timeout_seconds: NonNegativeInt = 0
    tasks: list[Task] = Field(min_length=1, max_length=_MAX_TASKS)
    environments: list[Environment] = []


def read_as[Read: Shape](kind: type[Read], body: Any) -> Read:
    """A body, or a part of one, in its shape.

    Raises:
        ApiError: It has another; the message says where.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:_MAX_SAID]]
        raise invalid(f"Could not parse request object: {'; '.join(faults)}") from error


def without_nulls(value: Any) -> Any:
    """JSON without the fields that are null: as for Databricks, these are not there."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value
