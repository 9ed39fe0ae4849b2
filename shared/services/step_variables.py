"""Variables of a job that follow from its step and the run's parameters: they are known before anything runs."""

from collections.abc import Mapping

from shared.core.bindings import LiteralInput, ParameterArgument, ParameterInput, ParameterValue
from shared.core.definition import StepDefinition
from shared.steps.base import has_references


def text(value: ParameterValue) -> str:
    """A scalar as a word of a command line or an environment variable (v1 wrote them with `str`)."""
    return str(value)


def input_values(step: StepDefinition, parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """Values of the inputs that are values rather than files."""
    values: dict[str, str] = {}
    for name, source in step.inputs.items():
        if isinstance(source, ParameterInput):
            values[name] = text(parameters[source.parameter])
        elif isinstance(source, LiteralInput):
            values[name] = text(source.value)
    return values


def step_variables(step: StepDefinition, parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """The step's values, under the step's own variables, which win."""
    used = {word.parameter for word in step.arguments if isinstance(word, ParameterArgument)}
    return {
        **{f"AML_PARAMETER_{name}": text(parameters[name]) for name in sorted(used)},
        **{f"AML_PARAMETER_{name}": value for name, value in input_values(step, parameters).items()},
        **step.environment.variables,
        **step.environment_variables,
    }


def uses_parameters(step: StepDefinition) -> bool:
    """Whether values of the pipeline's parameters are among the step's settings or variables."""
    words = (*step.inputs.values(), *step.arguments)
    return has_references(step) or any(isinstance(word, ParameterInput | ParameterArgument) for word in words)
