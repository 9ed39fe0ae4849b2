"""Which hyperparameters the next trial gets."""

import hashlib
import itertools
import random
from collections.abc import Mapping
from typing import Any, Protocol

from pipeyard._core.sweep import Sampling
from pipeyard._core.sweep_policies import Goal
from pipeyard._core.sweep_space import Expression, Space, Value, draw, grid, quantized
from pipeyard._optional import require


class Sampler(Protocol):
    """Proposes trials by number, from 0, each once and in order; a trial that was found again counts as proposed."""

    def propose(self, number: int) -> dict[str, Value] | None:
        """Hyperparameters of a new trial, None when there are no more."""
        ...

    def found(self, number: int, values: Mapping[str, Value]) -> None:
        """A trial that was started earlier, by a driver that is gone."""
        ...

    def ended(self, number: int, metric: float | None) -> None:
        """What came of a trial; None where there is no metric."""
        ...


def make_sampler(sampling: Sampling, goal: Goal, step_run_id: str) -> Sampler:
    """The sampler of a sweep. Without a seed the step run's id is one: a second try of it proposes the same again.

    Raises:
        UserErrorException: Bayesian sampling lacks its package.
    """
    given = sampling.properties.get("seed")
    seed = int.from_bytes(hashlib.sha256(step_run_id.encode()).digest()[:4]) if given is None else int(given)
    match sampling.kind:
        case "grid":
            return GridSampler(sampling.space)
        case "bayesian":
            return BayesianSampler(sampling.space, goal, seed)
        case "random":
            return RandomSampler(sampling.space, seed)


class RandomSampler:
    """Draws every trial by itself: its values depend on the seed and its number, and on nothing else."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed

    def propose(self, number: int) -> dict[str, Value] | None:
        """The number's point."""
        return draw(self._space, random.Random(f"{self._seed}/{number}"))  # noqa: S311 - no secret

    def found(self, number: int, values: Mapping[str, Value]) -> None:
        """Does not matter."""

    def ended(self, number: int, metric: float | None) -> None:
        """Does not matter."""


class GridSampler:
    """Goes through every combination."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def propose(self, number: int) -> dict[str, Value] | None:
        """The number's combination."""
        return next(itertools.islice(grid(self._space), number, None), None)

    def found(self, number: int, values: Mapping[str, Value]) -> None:
        """Does not matter."""

    def ended(self, number: int, metric: float | None) -> None:
        """Does not matter."""


class BayesianSampler:
    """Learns from the trials that have ended, with Optuna's tree-structured Parzen estimator.

    Raises:
        UserErrorException: Optuna is not installed.
    """

    def __init__(self, space: Space, goal: Goal, seed: int) -> None:
        optuna = require("optuna", "hyperdrive")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        self._optuna = optuna
        # Trials run side by side: those under way count as bad, so that they are not proposed again.
        sampler = optuna.samplers.TPESampler(seed=seed % 2**32, constant_liar=True, multivariate=False)
        self._study = optuna.create_study(sampler=sampler, direction=goal.lower())
        self._distributions = {name: _distribution(optuna, expression) for name, expression in space.items()}
        self._trials: dict[int, Any] = {}

    def propose(self, number: int) -> dict[str, Value] | None:
        """The most promising point."""
        trial = self._study.ask(self._distributions)
        self._trials[number] = trial
        return {name: _from_optuna(self._space[name], trial.params[name]) for name in self._space}

    def found(self, number: int, values: Mapping[str, Value]) -> None:
        """Propose it again."""
        self._study.enqueue_trial({name: _to_optuna(self._space[name], values[name]) for name in self._space})
        self._trials[number] = self._study.ask(self._distributions)

    def ended(self, number: int, metric: float | None) -> None:
        """Learn."""
        trial = self._trials.pop(number, None)
        if trial is None:
            return
        if metric is None:
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, metric)


def _distribution(optuna: Any, expression: Expression) -> Any:
    name, arguments = expression
    if name == "choice":
        return optuna.distributions.CategoricalDistribution(list(arguments[0]))
    if name == "uniform":
        return optuna.distributions.FloatDistribution(*arguments)
    low, high, q = arguments  # quniform: Optuna counts the multiples
    return optuna.distributions.IntDistribution(round(low / q), round(high / q))


def _from_optuna(expression: Expression, value: Any) -> Value:
    if expression[0] == "quniform":
        return quantized(value * expression[1][2], expression[1][2])
    return value  # type: ignore[no-any-return]


def _to_optuna(expression: Expression, value: Any) -> Any:
    return round(value / expression[1][2]) if expression[0] == "quniform" else value
