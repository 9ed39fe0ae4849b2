"""v1's ModuleStep: a step made of a module's version."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

from pipeyard.core._resources import resources_of
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core._ports import renamed_outputs
from pipeyard.pipeline.core._template import bound_template, template_ports
from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.core.module import Module, ModuleVersion
from pipeyard.pipeline.steps._options import StepOptions, check_runconfig_parameters

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class ModuleStep(PipelineStep):
    """Runs what a module's version describes, with data for its ports.

    Args:
        module: A module; its default version unless `version` names one.
        version: Of the module.
        module_version: A version, instead of a module.
        inputs_map: Data by the name of the port.
        outputs_map: PipelineData by the name of the port.
        compute_target: Where it runs.
        runconfig: Environment and more.
        runconfig_pipeline_params: v1's; the values must be 1.
        arguments: In place of the version's own.
        params: In place of the version's defaults.
        name: Of the step; the module's by default.

    Raises:
        ValueError: There is no module or two, a port has no data or does not exist, or an argument is wrong.
    """

    step_type: ClassVar[str] = "python_script"

    def __init__(
        self,
        module: Module | None = None,
        version: str | None = None,
        module_version: ModuleVersion | None = None,
        inputs_map: Mapping[str, Any] | None = None,
        outputs_map: Mapping[str, Any] | None = None,
        compute_target: Any = None,
        runconfig: RunConfiguration | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        arguments: Sequence[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        name: str | None = None,
        allow_reuse: bool = True,
        **options: Unpack[StepOptions],
    ) -> None:
        if (module is None) == (module_version is None):
            raise ValueError("A ModuleStep needs a module or a module_version, and not both.")
        found = module_version or (module.resolve(version) if module is not None else None)
        if found is None:
            raise ValueError(f"The module {module!r} has no version {version or 'at all'!r}.")
        name = name or found.module_name
        check_runconfig_parameters(name, runconfig_pipeline_params)
        resources_of(name, runconfig)  # what is wrong with it is said here
        self.template = found.step
        inputs, outputs = template_ports(name, found.step, dict(inputs_map or {}), dict(outputs_map or {}))
        defaults = {key: item["value"] for key, item in found.step.get("params", {}).items()}
        given = dict(params or {})
        super().__init__(
            name,
            inputs,
            outputs,
            list(arguments) if arguments is not None else bound_template(found.step, inputs, outputs_map or {}),
            params={**defaults, **given},
            compute_target=compute_target,
            runconfig=runconfig,
            allow_reuse=allow_reuse,
            version=found.version,
            **options,
        )
        self.step_type = found.step.get("type", "python_script")  # type: ignore[misc]
        self.snapshot = found.step.get("snapshot")
        self.ports = renamed_outputs(self.ports, {id(data): port for port, data in (outputs_map or {}).items()})

    def settings(self) -> dict[str, Any]:
        """The version's own settings."""
        return dict(self.template.get("settings", {}))
