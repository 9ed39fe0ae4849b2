"""Properties of runs and models: facts that are only ever added."""

from collections.abc import Mapping

from .errors import Fault
from .pointers import json_pointer
from .wording import quoted


def property_faults(known: Mapping[str, str], added: Mapping[str, str]) -> list[Fault]:
    """Properties that would get another value than they have; pointers are those of a change's `properties`."""
    return [
        Fault(
            pointer=json_pointer("properties", name),
            message=f"Property {quoted(name)} is {quoted(known[name])} already; properties never change.",
            suggestion="Use a label or a tag for what changes.",
        )
        for name, value in added.items()
        if known.get(name, value) != value
    ]
