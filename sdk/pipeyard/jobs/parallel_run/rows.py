"""What `run()` returned, as lines of text: one for each item that succeeded."""

from collections.abc import Sequence
from typing import Any

from pipeyard.exceptions import UserErrorException

SEPARATOR = " "
"""Between the columns of a DataFrame, as v1 wrote them; fields that hold one are quoted."""


def rows_of(result: Any) -> tuple[int, str]:
    """(number of elements, lines) of a result.

    Raises:
        UserErrorException: It is neither a list, a tuple, an array, a Series nor a DataFrame.
    """
    if hasattr(result, "to_csv"):
        frame = result.to_frame() if hasattr(result, "to_frame") else result
        return len(frame), str(frame.to_csv(sep=SEPARATOR, header=False, index=False, lineterminator="\n"))
    if isinstance(result, Sequence) and not isinstance(result, str | bytes):
        return len(result), "".join(f"{item}\n" for item in result)
    if hasattr(result, "tolist") and getattr(result, "ndim", 0) > 0:
        return rows_of(result.tolist())
    kind = "None" if result is None else f"a {type(result).__name__}"
    raise UserErrorException(
        f"run() returned {kind}. It must return a list or a pandas DataFrame with one element for each item "
        "that succeeded; an empty one says that none did."
    )
