"""Early termination: which running trials of a sweep are not worth going on with (v1's termination policies).

A trial's *interval* is the number of times that it has logged the primary metric. A policy looks at a trial at
multiples of `evaluation_interval`, not before `delay_evaluation`.
"""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from .document import Document

Goal = Literal["MAXIMIZE", "MINIMIZE"]
Series = Mapping[int, Sequence[float]]
"""Values of the primary metric in logging order, by number of the trial."""
Whole = Annotated[int, Field(strict=True)]


class NoTermination(Document):
    """Lets every trial run to its end."""

    kind: Literal["none"] = "none"


class _Policy(Document):
    evaluation_interval: Whole = Field(default=1, ge=1)
    delay_evaluation: Whole = Field(default=0, ge=0)


class BanditPolicy(_Policy):
    """Ends trials that are too far behind the best one; exactly one of the slacks.

    Attributes:
        slack_factor: Share of the best value that a trial may lack.
        slack_amount: The same as an amount.
    """

    kind: Literal["bandit"] = "bandit"
    slack_factor: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    slack_amount: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class MedianStoppingPolicy(_Policy):
    """Ends trials whose best value is worse than the median of all trials' running averages."""

    kind: Literal["median_stopping"] = "median_stopping"


class TruncationSelectionPolicy(_Policy):
    """Ends the worst share of the trials.

    Attributes:
        truncation_percentage: Share of the trials that got as far, rounded down.
    """

    kind: Literal["truncation_selection"] = "truncation_selection"
    truncation_percentage: Whole = Field(ge=1, le=99)


Policy = NoTermination | BanditPolicy | MedianStoppingPolicy | TruncationSelectionPolicy


def better(goal: Goal, values: Sequence[float]) -> float:
    """The best of some values."""
    return max(values) if goal == "MAXIMIZE" else min(values)


def due_interval(policy: Policy, logged: int) -> int | None:
    """The interval at which a trial that has logged so many values is to be judged now, None for not yet."""
    if isinstance(policy, NoTermination):
        return None
    interval = logged - logged % policy.evaluation_interval
    return interval if interval > 0 and interval >= policy.delay_evaluation else None


def hopeless(policy: Policy, goal: Goal, series: Series, running: Collection[int]) -> dict[int, str]:
    """Running trials to end, each with the reason as a sentence.

    Args:
        policy: The policy.
        goal: Whether more or less is better.
        series: Of all trials, those that have ended included. Values that are no numbers count as the worst.
        running: Numbers of the trials that are under way.
    """
    known = {number: [_number(value, goal) for value in values] for number, values in series.items() if values}
    found: dict[int, str] = {}
    for number in sorted(running):
        interval = due_interval(policy, len(known.get(number, ())))
        if interval is None:
            continue
        peers = {each: values[:interval] for each, values in known.items() if len(values) >= interval}
        reason = _reason(policy, goal, known, peers, number)
        if reason:
            found[number] = f"at interval {interval} {reason}"
    return found


def _reason(
    policy: Policy, goal: Goal, known: Mapping[int, list[float]], peers: Mapping[int, list[float]], number: int
) -> str:
    interval = len(peers[number])
    own = better(goal, peers[number])
    match policy:
        case BanditPolicy():
            best = better(goal, [better(goal, values[:interval]) for values in known.values()])
            limit = _bandit_limit(policy, goal, best)
            return (
                f"its best value {own:g} is beyond {limit:g}, the slack of the best {best:g}"
                if _worse(goal, own, limit)
                else ""
            )
        case MedianStoppingPolicy():
            median = statistics.median(statistics.fmean(values[:interval]) for values in known.values())
            return f"its best value {own:g} is worse than the median {median:g}" if _worse(goal, own, median) else ""
        case TruncationSelectionPolicy():
            ranked = sorted(peers, key=lambda each: (peers[each][-1], -each), reverse=goal == "MINIMIZE")
            cut = ranked[: math.floor(len(ranked) * policy.truncation_percentage / 100)]
            share = f"the worst {policy.truncation_percentage} % of {len(ranked)} trials"
            return f"its value {peers[number][-1]:g} is among {share}" if number in cut else ""
        case _:
            return ""


def _bandit_limit(policy: BanditPolicy, goal: Goal, best: float) -> float:
    """v1's rule is best / (1 + slack); written so that it also means something where the best is negative."""
    if policy.slack_amount is not None:
        slack = policy.slack_amount
    else:
        factor = policy.slack_factor or 0.0
        slack = abs(best) * (factor / (1 + factor) if goal == "MAXIMIZE" else factor)
    return best - slack if goal == "MAXIMIZE" else best + slack


def _worse(goal: Goal, value: float, limit: float) -> bool:
    # The last bits of a limit are an accident of its computation: a value on the limit is not beyond it.
    if math.isclose(value, limit, rel_tol=1e-12, abs_tol=1e-12):
        return False
    return value < limit if goal == "MAXIMIZE" else value > limit


def _number(value: float, goal: Goal) -> float:
    worst = -math.inf if goal == "MAXIMIZE" else math.inf
    return worst if math.isnan(value) else value
