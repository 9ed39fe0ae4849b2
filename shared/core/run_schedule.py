"""Which step may start next: the run's schedule as a pure state machine that the orchestrator replays.

The graph never changes during a run and can be large, the state changes with every step and must stay cheap to
carry from one continue-as-new generation to the next. So the graph travels as one string that is parsed once per
process, and the state is one letter per step and two short lists. Nothing here depends on the number of steps
except starting, failing and cancelling a run.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .status import RunStatus, StepStatus

_LETTERS: dict[StepStatus, int] = {
    StepStatus.NOT_STARTED: ord("n"),
    StepStatus.QUEUED: ord("q"),
    StepStatus.RUNNING: ord("r"),
    StepStatus.FINISHED: ord("f"),
    StepStatus.FAILED: ord("x"),
    StepStatus.CANCELED: ord("c"),
    StepStatus.SKIPPED: ord("s"),
}
_NOT_STARTED, _READY, _RUNNING, _FINISHED, _FAILED, _CANCELED, _SKIPPED = _LETTERS.values()
_SETTLED = frozenset({_FINISHED, _FAILED, _CANCELED, _SKIPPED})
_WAITING = frozenset({_NOT_STARTED, _READY})


@dataclass(frozen=True, slots=True)
class StepGraph:
    """Everything about a run's steps that never changes.

    Attributes:
        dependencies: For each step, the steps that must end before it.
        dependents: The same edges the other way round.
        always_run: Steps that start however their dependencies ended.
        limit: Most steps in flight at once.
        continue_on_step_failure: Whether steps that do not depend on a failed one still start.
    """

    dependencies: tuple[tuple[int, ...], ...]
    dependents: tuple[tuple[int, ...], ...]
    always_run: frozenset[int]
    limit: int
    continue_on_step_failure: bool


def encode_graph(
    dependencies: Iterable[Iterable[int]], *, always_run: Iterable[int], limit: int, continue_on_step_failure: bool
) -> str:
    """The graph as the string that travels through the orchestrator's input."""
    edges = [list(dependency) for dependency in dependencies]
    return json.dumps([edges, sorted(always_run), limit, continue_on_step_failure], separators=(",", ":"))


@lru_cache(maxsize=32)
def decode_graph(encoded: str) -> StepGraph:
    """Inverse of `encode_graph`; remembered, because every replay asks again for the same one."""
    edges, always_run, limit, continue_on_step_failure = json.loads(encoded)
    dependents: list[list[int]] = [[] for _ in edges]
    for step, dependencies in enumerate(edges):
        for dependency in dependencies:
            dependents[dependency].append(step)
    return StepGraph(
        dependencies=tuple(map(tuple, edges)),
        dependents=tuple(map(tuple, dependents)),
        always_run=frozenset(always_run),
        limit=limit,
        continue_on_step_failure=continue_on_step_failure,
    )


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that will not start: `because` names the step whose end decided it."""

    ordinal: int
    because: int


@dataclass(slots=True)
class Schedule:
    """The changing half. Built by `begin` or `from_state`, changed by the methods, saved by `to_state`."""

    graph: StepGraph
    statuses: bytearray
    ready: list[int] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)
    unsettled: int = 0
    failed: int | None = None
    canceling: bool = False

    @classmethod
    def begin(cls, graph: StepGraph, settled: dict[int, StepStatus]) -> "Schedule":
        """Schedule of a run in which some steps have ended already (reused ones, or all that ended before a crash)."""
        statuses = bytearray([_NOT_STARTED]) * len(graph.dependencies)
        for ordinal, status in settled.items():
            statuses[ordinal] = _LETTERS[status]
        schedule = cls(graph, statuses, unsettled=len(statuses) - len(settled))
        schedule.failed = next((step for step in sorted(settled) if settled[step] is StepStatus.FAILED), None)
        schedule._queue(range(len(statuses)))
        return schedule

    @classmethod
    def from_state(cls, graph: StepGraph, state: dict[str, Any]) -> "Schedule":
        """Inverse of `to_state`."""
        return cls(
            graph,
            bytearray(state["statuses"], "ascii"),
            ready=list(state["ready"]),
            in_flight=list(state["in_flight"]),
            unsettled=state["unsettled"],
            failed=state["failed"],
            canceling=state["canceling"],
        )

    def to_state(self) -> dict[str, Any]:
        """The state as plain JSON."""
        return {
            "statuses": self.statuses.decode("ascii"),
            "ready": self.ready,
            "in_flight": self.in_flight,
            "unsettled": self.unsettled,
            "failed": self.failed,
            "canceling": self.canceling,
        }

    @property
    def done(self) -> bool:
        """Whether every step has ended."""
        return self.unsettled == 0

    def sweep(self) -> list[Skip]:
        """Skip what can never start given the steps that have ended already; needed once, after `begin`."""
        if self.failed is not None and not self.graph.continue_on_step_failure:
            return self._skip_all(self.failed)
        broken = [step for step, status in enumerate(self.statuses) if status in (_FAILED, _CANCELED, _SKIPPED)]
        return [skip for step in broken for skip in self._skip_below(step)]

    def start(self) -> list[int]:
        """Steps to start now, at most as many as the limit leaves room for; they count as in flight from here on."""
        room = max(0, self.graph.limit - len(self.in_flight))
        starting, self.ready = self.ready[:room], self.ready[room:]
        for step in starting:
            self.statuses[step] = _RUNNING
        self.in_flight.extend(starting)
        return starting

    def settle(self, step: int, status: StepStatus) -> list[Skip]:
        """Take note that a step has ended; returns the steps that are skipped for it. A repeated note does nothing."""
        if self.statuses[step] in _SETTLED:
            return []
        self._close(step, _LETTERS[status])
        if step in self.in_flight:
            self.in_flight.remove(step)
        if status is StepStatus.FAILED and self.failed is None:
            self.failed = step
        skips: list[Skip] = []
        if status is StepStatus.FAILED and not self.graph.continue_on_step_failure:
            skips = self._skip_all(step)
        elif status is not StepStatus.FINISHED:
            skips = self._skip_below(step)
        self._queue(self.graph.dependents[step])
        return skips

    def cancel(self) -> list[int]:
        """Stop starting steps, always-run ones included; returns the steps that will never start."""
        self.canceling = True
        self.ready = []
        left = [step for step, status in enumerate(self.statuses) if status in _WAITING]
        for step in left:
            self._close(step, _CANCELED)
        return left

    def final_status(self) -> RunStatus:
        """The run's status once `done`."""
        if self.failed is not None:
            return RunStatus.FAILED
        return RunStatus.CANCELED if _CANCELED in self.statuses else RunStatus.FINISHED

    def _close(self, step: int, letter: int) -> None:
        self.statuses[step] = letter
        self.unsettled -= 1

    def _may_start(self, step: int) -> bool:
        # From the last dependency backwards: late steps end late, so a join sees at once that it must still wait.
        enough = _SETTLED if step in self.graph.always_run else (_FINISHED,)
        return all(self.statuses[dependency] in enough for dependency in reversed(self.graph.dependencies[step]))

    def _queue(self, candidates: Iterable[int]) -> None:
        """Make those candidates ready whose dependencies allow it now."""
        for step in candidates:
            if self.statuses[step] == _NOT_STARTED and self._may_start(step):
                self.statuses[step] = _READY
                self.ready.append(step)

    def _skip_below(self, broken: int) -> list[Skip]:
        """Skip all that needs a step which did not finish, level by level, sparing always-run steps."""
        skips: list[Skip] = []
        frontier = [broken]
        while frontier:
            cause = frontier.pop()
            for step in self.graph.dependents[cause]:
                if self.statuses[step] in _WAITING and step not in self.graph.always_run:
                    skips.append(Skip(step, cause))
                    self._close(step, _SKIPPED)
                    frontier.append(step)
        self._release_after(skips)
        return skips

    def _skip_all(self, failed: int) -> list[Skip]:
        """Skip all that has not started, sparing always-run steps: the run stops at its first failure."""
        skips = [
            Skip(step, failed)
            for step, status in enumerate(self.statuses)
            if status in _WAITING and step not in self.graph.always_run
        ]
        for skip in skips:
            self._close(skip.ordinal, _SKIPPED)
        self.ready = [step for step in self.ready if self.statuses[step] == _READY]
        self._release_after(skips)
        return skips

    def _release_after(self, skips: list[Skip]) -> None:
        for skip in skips:
            self._queue(self.graph.dependents[skip.ordinal])
