"""A month's bill: usage by prices, free amounts taken off."""

from dataclasses import dataclass

from pipeyard._cost.measured import load_measured
from pipeyard._cost.prices import METERS, Price, Prices
from pipeyard._cost.usage import Part, Usage
from pipeyard._cost.workload import Workload

NOT_INCLUDED = (
    "Not in it: what the services that run steps cost (unless --vm is given, and then without the minutes in which "
    "machines start and wait), transfers out of the region, storage of the services' own, support and tax."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the bill.

    Attributes:
        meter: Name of the price.
        resource: What it belongs to.
        unit: What is counted.
        quantity: How many in a month.
        parts: Where the quantity comes from.
        price: What it costs.
    """

    meter: str
    resource: str
    unit: str
    quantity: float
    parts: tuple[Part, ...]
    price: Price

    @property
    def cost(self) -> float:
        """Of the month."""
        return max(0.0, self.quantity - self.price.free) / self.price.per * self.price.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A month's bill.

    Attributes:
        currency: Of every amount.
        lines: Whatever is used, in the order of the price list.
    """

    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """Of the month."""
        return sum(line.cost for line in self.lines)

    def without_standing(self) -> list[str]:
        """What is paid for at prices that nobody has looked up."""
        return [f"{line.resource}, {line.unit}" for line in self.lines if line.price.standing == "unchecked"]


def estimate(workload: Workload, prices: Prices) -> Estimate:
    """What a month costs.

    Raises:
        UserErrorException: The month cannot be, or a machine has no price.
    """
    workload.check()
    usage = Usage(workload, load_measured(), prices.minimum_seconds)
    priced = [(meter, *METERS[meter], prices.meters[meter]) for meter in METERS]
    if workload.vm is not None:
        priced.append(("machine_hours", "Compute", f"hours of {workload.vm}", prices.machine(workload.vm)))
    return Estimate(
        currency=prices.currency,
        lines=tuple(
            Line(
                meter=meter,
                resource=resource,
                unit=unit,
                quantity=usage.quantity(meter),
                parts=tuple(usage.parts[meter]),
                price=price,
            )
            for meter, resource, unit, price in priced
            if usage.quantity(meter)
        ),
    )
