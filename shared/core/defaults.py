"""Giving the parameters of a definition other defaults."""

from collections.abc import Mapping

from .definition import PipelineDefinition
from .errors import Fault, InvalidDocument
from .parameters import fit_parameter
from .pointers import below, json_pointer
from .wording import Suggester, quoted


def with_defaults(
    definition: PipelineDefinition, defaults: Mapping[str, object], pointer: str = "/parameters"
) -> PipelineDefinition:
    """The definition with these defaults in place of its own.

    Raises:
        InvalidDocument: With every unknown name and every value of a wrong type.
    """
    suggester, faults = Suggester(), []
    parameters = dict(definition.parameters)
    for name, value in defaults.items():
        place = pointer + json_pointer(name)
        if name not in parameters:
            message = f"The pipeline has no parameter {quoted(name)}."
            suggestion = suggester.suggest(name, definition.parameters)
            faults.append(Fault(pointer=place, message=message, suggestion=suggestion))
            continue
        fitting, wrong = fit_parameter(parameters[name], value)
        faults.extend(below(place, wrong))
        parameters[name] = parameters[name].model_copy(update={"default": fitting})
    if faults:
        raise InvalidDocument(faults)
    return definition.model_copy(update={"parameters": parameters})
