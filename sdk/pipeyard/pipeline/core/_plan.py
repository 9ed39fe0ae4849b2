"""A dry run's result: what would run, what would be reused, and why."""

from collections.abc import Iterator

from pipeyard import _wire

_WIDEST_REASON = 90


class Plan:
    """One row for each step; printing it shows a table.

    Attributes:
        steps: Rows as the workspace gave them.
    """

    def __init__(self, steps: list[_wire.PlannedStep]) -> None:
        self.steps = steps

    @property
    def to_run(self) -> list[str]:
        """Names of the steps that would run, or that wait for one that would."""
        return [step["name"] for step in self.steps if step["action"] != "reuse"]

    @property
    def to_reuse(self) -> list[str]:
        """Names of the steps that would be reused."""
        return [step["name"] for step in self.steps if step["action"] == "reuse"]

    @property
    def saves_seconds(self) -> float:
        """How long the reused steps took when they ran."""
        return sum(step.get("saves_seconds") or 0 for step in self.steps if step["action"] == "reuse")

    def __iter__(self) -> Iterator[_wire.PlannedStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        rows = [("step", "action", "saves", "reason"), *map(_row, self.steps)]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths) + "  " + "-" * len("reason"))
        waiting = sum(step["action"] == "blocked" for step in self.steps)
        open_yet = f"{waiting} not decided yet, " if waiting else ""
        ends = f"{open_yet}{len(self.to_reuse)} to reuse ({self.saves_seconds:.1f} s saved)"
        lines.append(f"{len(self.to_run) - waiting} to run, {ends}")
        return "\n".join(lines)

    __repr__ = __str__


def _row(step: _wire.PlannedStep) -> tuple[str, str, str, str]:
    saved = step.get("saves_seconds") if step["action"] == "reuse" else None
    explanation = step.get("explanation")
    reason = explanation["sentence"] if explanation else ""
    if len(reason) > _WIDEST_REASON:
        reason = reason[: _WIDEST_REASON - 1] + "…"
    return step["name"], step["action"], "" if saved is None else f"{saved:.1f} s", reason
