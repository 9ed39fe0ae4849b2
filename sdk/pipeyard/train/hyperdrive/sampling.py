"""v1's samplings: how hyperparameters are chosen."""

from typing import Any, ClassVar

from pipeyard._core.sweep_space import space_faults
from pipeyard.exceptions import Fault, UserErrorException
from pipeyard.train.hyperdrive.parameter_expressions import plain_space


class HyperParameterSampling:
    """Base of all samplings.

    Attributes:
        kind: Its name in definitions.
        space: Expressions by hyperparameter, named as the script's flags.
        properties: More about the sampling.
    """

    kind: ClassVar[str] = ""

    def __init__(self, parameter_space: dict[str, Any], properties: dict[str, Any] | None = None) -> None:
        self.space = plain_space(parameter_space) if isinstance(parameter_space, dict) else parameter_space
        self.properties = dict(properties or {})
        faults = [Fault(fault.pointer, fault.message) for fault in space_faults(self.space, self.kind)]
        if faults:
            raise UserErrorException(f"The search space of the {type(self).__name__} is wrong:", faults=faults)

    def to_document(self) -> dict[str, Any]:
        """The sampling as a step's settings have it."""
        return {"kind": self.kind, "space": self.space, **({"properties": self.properties} if self.properties else {})}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.space!r})"


class RandomParameterSampling(HyperParameterSampling):
    """Draws each trial by itself; `properties={"seed": 7}` draws the same ones again."""

    kind: ClassVar[str] = "random"


class GridParameterSampling(HyperParameterSampling):
    """Every combination of `choice`s."""

    kind: ClassVar[str] = "grid"

    def __init__(self, parameter_space: dict[str, Any]) -> None:
        super().__init__(parameter_space)


class BayesianParameterSampling(HyperParameterSampling):
    """Learns from trials that have ended; takes `choice`, `uniform` and `quniform`, and no early termination."""

    kind: ClassVar[str] = "bayesian"
