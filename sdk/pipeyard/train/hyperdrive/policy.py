"""v1's early termination policies: which running trials are not worth going on with."""

from typing import Any, ClassVar

from pipeyard._core.sweep import sweep_faults
from pipeyard.exceptions import Fault, UserErrorException


class EarlyTerminationPolicy:
    """Base of all policies.

    Attributes:
        kind: Its name in definitions.
    """

    kind: ClassVar[str] = "none"

    def __init__(self, **fields: Any) -> None:
        self._fields = {name: value for name, value in fields.items() if value is not None}
        faults = [Fault(fault.pointer, fault.message) for fault in sweep_faults({"policy": self.to_document()})]
        if faults:
            raise UserErrorException(f"The {type(self).__name__} is wrong:", faults=faults)

    def to_document(self) -> dict[str, Any]:
        """The policy as a step's settings have it."""
        return {"kind": self.kind, **self._fields}

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields.items())
        return f"{type(self).__name__}({fields})"


class BanditPolicy(EarlyTerminationPolicy):
    """Ends trials that lack too much of the best one: a share (`slack_factor`) or an amount (`slack_amount`)."""

    kind: ClassVar[str] = "bandit"

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(
            evaluation_interval=evaluation_interval,
            slack_factor=slack_factor,
            slack_amount=slack_amount,
            delay_evaluation=delay_evaluation,
        )


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """Ends trials whose best value is worse than the median of all trials' running averages."""

    kind: ClassVar[str] = "median_stopping"

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(evaluation_interval=evaluation_interval, delay_evaluation=delay_evaluation)


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Ends the worst share of the trials at each interval."""

    kind: ClassVar[str] = "truncation_selection"

    def __init__(self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(
            truncation_percentage=truncation_percentage,
            evaluation_interval=evaluation_interval,
            delay_evaluation=delay_evaluation,
        )


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Lets every trial run to its end."""

    def __init__(self) -> None:
        super().__init__()
