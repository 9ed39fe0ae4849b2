"""What is wrong with a script, each thing with its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import PipeyardError


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a script; both numbers begin at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a script."""

    position: Position
    message: str

    def text(self, script: str) -> str:
        """The way that compilers print it, so that editors can jump to the place."""
        return f"{script}({self.position.line},{self.position.column}): error: {self.message}"


class CompileFailed(PipeyardError):
    """A script cannot be run; `problems` lists everything that is wrong with it, in its order."""

    code = "usql"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(problem.text("script") for problem in self.problems))
