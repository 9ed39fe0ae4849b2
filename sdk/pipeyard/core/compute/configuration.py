"""What a compute target is made of, and how it is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ComputeTargetProvisioningConfiguration:
    """A target to create: its type and what the type asks for."""

    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComputeTargetAttachConfiguration:
    """A target that exists elsewhere, to be made known."""

    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComputeTargetStatus:
    """A target's state at one moment."""

    provisioning_state: str
    errors: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def serialize(self) -> dict[str, Any]:
        """The state as plain JSON."""
        return {**self.details, "provisioningState": self.provisioning_state, "errors": list(self.errors) or None}

    def __getattr__(self, name: str) -> Any:
        camel = "".join(word.title() if index else word for index, word in enumerate(name.split("_")))
        details = object.__getattribute__(self, "details")
        for key in (name, camel):
            if key in details:
                return details[key]
        raise AttributeError(f"The status has no {name!r}. It has {', '.join(details)}.")


def attach_document(compute_type: str, **given: Any) -> ComputeTargetAttachConfiguration:
    """An attach configuration without what was not given; `False` says the same as nothing."""
    return ComputeTargetAttachConfiguration(compute_type, {key: value for key, value in given.items() if value})
