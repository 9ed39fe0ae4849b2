"""Which files of a file dataset are left after its transformations: `take`, `skip`, `take_sample` and so on."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from .dataset_views import Transformation
from .errors import Fault, InvalidDocument
from .expressions import Fact, Filter, columns_of, holds

_DRAW_DIGITS = 13
_DRAWS = float(16**_DRAW_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a selection can ask of a file.

    Attributes:
        path: Its path below the dataset's source; random choices hang on it, so that each file keeps its fate.
        size: Bytes.
    """

    path: str
    size: int

    def known(self) -> dict[str, Fact]:
        """The facts by v1's names."""
        name = self.path.rpartition("/")[2]
        extension = name[name.rindex(".") :] if "." in name else ""
        return {"Path": self.path, "FileName": name, "Extension": extension, "Size": self.size}


FILE_COLUMNS = tuple(FileFacts(path="", size=0).known())


def select_files[File](
    transformations: Iterable[Transformation], files: Iterable[File], facts: Callable[[File], FileFacts]
) -> list[File]:
    """The files that are left, in their order.

    Args:
        transformations: Of a view without a format.
        files: In the order of the dataset's listing.
        facts: Tells about a file.

    Raises:
        InvalidDocument: A transformation is not one of files, or its arguments are wrong.
    """
    left = list(files)
    for step in transformations:
        try:
            left = _apply(step.operation, step.arguments, left, facts)
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise _fault(step, f"its arguments are wrong ({error})") from error
    return left


def draw(seed: int, text: str) -> float:
    """A number from 0 up to 1 that depends on a seed and a text only."""
    digits = hashlib.md5(f"{seed}:{text}".encode(), usedforsecurity=False).hexdigest()[:_DRAW_DIGITS]
    return int(digits, 16) / _DRAWS


def _apply[File](
    operation: str, arguments: dict[str, Any], files: Sequence[File], facts: Callable[[File], FileFacts]
) -> list[File]:
    match operation:
        case "take":
            return list(files[: int(arguments["count"])])
        case "skip":
            return list(files[int(arguments["count"]) :])
        case "take_sample":
            probability = arguments["probability"]
            return [file for file in files if draw(arguments["seed"], facts(file).path) < probability]
        case "random_split":
            first = arguments["part"] == "first"
            share = arguments["percentage"]
            return [file for file in files if (draw(arguments["seed"], facts(file).path) < share) == first]
        case "filter":
            return _filtered(Filter.model_validate(arguments), files, facts)
        case _:
            raise ValueError(f"{operation} is no transformation of files")


def _filtered[File](chosen: Filter, files: Sequence[File], facts: Callable[[File], FileFacts]) -> list[File]:
    unknown = columns_of(chosen.expression).difference(FILE_COLUMNS)
    if unknown:
        raise ValueError(f"files have no {', '.join(sorted(unknown))}, only {', '.join(FILE_COLUMNS)}")
    return [file for file in files if holds(chosen.expression, facts(file).known())]


def _fault(step: Transformation, reason: str) -> InvalidDocument:
    message = f"The transformation {step.operation} cannot be applied to files: {reason}."
    return InvalidDocument([Fault(pointer="", message=message)])
