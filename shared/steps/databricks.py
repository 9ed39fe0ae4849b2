"""The step type that runs on a Databricks cluster (v1's DatabricksStep)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.core.bindings import Argument, InputArgument, OutputArgument
from shared.core.databricks import ENTRIES, DatabricksSettings, place_of
from shared.core.definition import StepDefinition
from shared.core.errors import Fault
from shared.core.paths import relative_path_fault
from shared.core.pointers import json_pointer
from shared.core.wording import listed, quoted
from shared.steps.base import StepTraits, settings_faults, snapshot_faults

_PARAMETERS = {
    "notebook_params": ("notebook_path",),
    "python_script_params": ("python_script_path", "python_script_name"),
    "jar_params": ("main_class_name",),
    "wheel_parameters": ("wheel_package_name",),
    "wheel_entry_point": ("wheel_package_name",),
}
"""Settings that belong to what is run, with the entries that they belong to."""
_NEW_CLUSTER = (
    *("spark_version", "node_type", "instance_pool_id", "num_workers", "min_workers", "max_workers"),
    *("spark_env_variables", "spark_conf", "init_scripts", "cluster_log_dbfs_path", "data_security_mode"),
)
_FILE_LIBRARIES = {
    "jar_libraries": "JAR",
    "egg_libraries": "egg",
    "wheel_libraries": "wheel",
    "requirements_libraries": "list of requirements",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabricksStep(StepTraits):
    """Carried out by a Databricks workspace as a whole: the words are the parameters of what runs there.

    For a notebook they are names and values in turn; everything else gets v1's command line, its own parameters first
    and then `-<name> <place>` for each input and output.
    """

    name: str = "databricks"
    compute_kinds: frozenset[str] | None = frozenset({"Databricks"})

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of the settings, each alone and with one another."""
        given = frozenset(name for name, value in step.settings.items() if value is not None)
        faults = [
            *settings_faults(DatabricksSettings, step),
            *_entry_faults(given),
            *_cluster_faults(step, given),
            *_place_faults(step),
        ]
        if "notebook_path" in given:
            faults += _notebook_faults(step)
        if "python_script_name" in given:
            faults += [*_script_faults(step), *snapshot_faults(step)]
        return faults

    def words(self, step: StepDefinition) -> tuple[Argument, ...]:
        """The parameters, with inputs and outputs by name."""
        settings = DatabricksSettings.model_validate(step.settings)
        ports: dict[str, Argument] = {
            **{name: InputArgument(input=name) for name in step.inputs},
            **{name: OutputArgument(output=name) for name in step.outputs},
        }
        if settings.notebook_path is not None:
            parameters: dict[str, Argument] = {**(settings.notebook_params or {}), **ports}
            return tuple(word for pair in parameters.items() for word in pair)
        own = settings.python_script_params or settings.jar_params or settings.wheel_parameters or ()
        return (*own, *step.arguments, *(word for name, port in ports.items() for word in (f"-{name}", port)))

    def outside_files(self, step: StepDefinition) -> Mapping[str, str]:
        """Everything that a job reads on Databricks itself and that can change there."""
        settings = DatabricksSettings.model_validate(step.settings)
        files = {}
        if settings.notebook_path is not None:
            files[f"notebook {settings.notebook_path}"] = settings.notebook_path
        if settings.python_script_path is not None:
            files[f"script {settings.python_script_path}"] = settings.python_script_path
        for script in settings.init_scripts or ():
            files[f"init script {script}"] = script
        for name, what in _FILE_LIBRARIES.items():
            for each in getattr(settings, name) or ():
                files[f"{what} {each.library}"] = each.library
        return files

    def code_files(self, step: StepDefinition) -> Mapping[str, str]:
        """The script of the source directory, if it is what runs."""
        script = step.settings.get("python_script_name")
        return {"/settings/python_script_name": script} if isinstance(script, str) else {}


def _entry_faults(given: frozenset[str]) -> Iterator[Fault]:
    entries = [name for name in ENTRIES if name in given]
    if len(entries) != 1:
        found = f"it has {listed([f'`{name}`' for name in entries])}" if entries else "it has none"
        message = f"Exactly one of {', '.join(f'`{name}`' for name in ENTRIES)} must be given; {found}."
        yield Fault(pointer="/settings", message=message)
        return
    for name, owners in _PARAMETERS.items():
        if name in given and entries[0] not in owners:
            message = f"`{name}` goes with {' or '.join(f'`{owner}`' for owner in owners)}, not with `{entries[0]}`."
            yield Fault(pointer=f"/settings/{name}", message=message)
    if entries == ["wheel_package_name"] and "wheel_entry_point" not in given:
        message = "`wheel_package_name` needs a `wheel_entry_point`: the function, or entry point, that is called."
        yield Fault(pointer="/settings", message=message)


def _cluster_faults(step: StepDefinition, given: frozenset[str]) -> Iterator[Fault]:
    if "existing_cluster_id" in given:
        for name in _NEW_CLUSTER:
            if name in given:
                message = f"`{name}` describes a new cluster, and an existing cluster is as it is: leave it out."
                yield Fault(pointer=f"/settings/{name}", message=message)
        return
    if "permit_cluster_restart" in given:
        message = "`permit_cluster_restart` is for an existing cluster."
        yield Fault(pointer="/settings/permit_cluster_restart", message=message)
    if {"node_type", "instance_pool_id"} <= given:
        message = "Only one of `node_type` and `instance_pool_id` can be given."
        yield Fault(pointer="/settings/instance_pool_id", message=message)
    elif not given & {"node_type", "instance_pool_id"}:
        yield Fault(pointer="/settings", message="A new cluster needs a `node_type` or an `instance_pool_id`.")
    if "spark_version" not in given:
        yield Fault(pointer="/settings", message="A new cluster needs a `spark_version`, such as `16.4.x-scala2.12`.")
    yield from _size_faults(step, given)


def _size_faults(step: StepDefinition, given: frozenset[str]) -> Iterator[Fault]:
    bounds = given & {"min_workers", "max_workers"}
    if ("num_workers" in given) == bool(bounds) or len(bounds) == 1:
        message = "A new cluster needs `num_workers`, or both `min_workers` and `max_workers`, never both."
        yield Fault(pointer="/settings", message=message)
    least, most = step.settings.get("min_workers"), step.settings.get("max_workers")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Fault(pointer="/settings/min_workers", message="`min_workers` is more than `max_workers`.")


def _place_faults(step: StepDefinition) -> Iterator[Fault]:
    settings = step.settings
    notebook, log = settings.get("notebook_path"), settings.get("cluster_log_dbfs_path")
    if isinstance(notebook, str) and place_of(notebook) != "workspace":
        message = "A notebook's path begins with `/`, such as `/Users/me@example.com/prepare`."
        yield Fault(pointer="/settings/notebook_path", message=message)
    if isinstance(log, str) and place_of(log) not in {"dbfs", "volumes"}:
        yield Fault(pointer="/settings/cluster_log_dbfs_path", message="It begins with `dbfs:/` or `/Volumes/`.")
    script = settings.get("python_script_path")
    places = [("/settings/python_script_path", script)] if isinstance(script, str) else []
    scripts = settings.get("init_scripts")
    if isinstance(scripts, list | tuple):
        places += [(json_pointer("settings", "init_scripts", str(at)), path) for at, path in enumerate(scripts)]
    for pointer, path in places:
        if isinstance(path, str) and place_of(path) is None:
            message = f"{quoted(path)} is no path on Databricks: it begins with `/`, `dbfs:/` or `abfss://`."
            yield Fault(pointer=pointer, message=message)


def _notebook_faults(step: StepDefinition) -> Iterator[Fault]:
    if step.arguments:
        message = "A notebook takes no arguments."
        yield Fault(pointer="/arguments", message=message, suggestion="Use `settings.notebook_params`.")
    parameters = step.settings.get("notebook_params")
    for name in parameters if isinstance(parameters, dict) else ():
        if name in step.inputs or name in step.outputs:
            message = f"{quoted(str(name))} is an input or output of this step as well; its place is a widget so named."
            yield Fault(pointer=json_pointer("settings", "notebook_params", str(name)), message=message)


def _script_faults(step: StepDefinition) -> Iterator[Fault]:
    script = step.settings["python_script_name"]
    sentence = relative_path_fault(script) if isinstance(script, str) else None
    if sentence is not None:
        yield Fault(pointer="/settings/python_script_name", message=sentence)
