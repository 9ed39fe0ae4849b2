"""Arguments of the random transformations. Without a seed one is drawn, so that a definition always means the same."""

import random
from typing import Any

from pipeyard.exceptions import UserErrorException

SEED_BITS = 31
FIRST, SECOND = "first", "second"


def sample_arguments(probability: float, seed: int | None) -> dict[str, Any]:
    """Arguments of `take_sample`.

    Raises:
        UserErrorException: The probability is not between 0 and 1.
    """
    return {"probability": _share("probability", probability), "seed": _seed(seed)}


def split_arguments(percentage: float, seed: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of the two halves of `random_split`.

    Raises:
        UserErrorException: The percentage is not between 0 and 1.
    """
    shared = {"percentage": _share("percentage", percentage), "seed": _seed(seed)}
    return {**shared, "part": FIRST}, {**shared, "part": SECOND}


def count_argument(name: str, count: int) -> int:
    """A number of rows or files.

    Raises:
        UserErrorException: It is no whole number, or negative.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise UserErrorException(f"{name} needs a whole number from 0 on, not {count!r}.")
    return count


def _share(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UserErrorException(f"{name} is {value!r}; it must be a number from 0 to 1, such as 0.8.")
    return float(value)


def _seed(seed: int | None) -> int:
    if seed is None:
        return random.getrandbits(SEED_BITS)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise UserErrorException(f"The seed {seed!r} must be a whole number or None.")
    return seed
