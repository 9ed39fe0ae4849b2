"""v1's `DataType`: what a column's values are made into. `pipeyard.data.dataset_factory` exports it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeyard.exceptions import UserErrorException


@dataclass(frozen=True, slots=True)
class DataType:
    """A column's type.

    Attributes:
        kind: `string`, `int`, `float`, `bool` or `datetime`.
        formats: How dates are written, tried in turn, such as `%d.%m.%Y`; none means ISO 8601.
    """

    kind: str
    formats: tuple[str, ...] = ()

    @staticmethod
    def to_string() -> "DataType":
        """Text."""
        return DataType("string")

    @staticmethod
    def to_long() -> "DataType":
        """64-bit integers."""
        return DataType("int")

    @staticmethod
    def to_float(decimal_mark: str = ".") -> "DataType":
        """64-bit floating point numbers.

        Raises:
            UserErrorException: The decimal mark is not a point.
        """
        if decimal_mark != ".":
            raise UserErrorException(
                f"The decimal mark {decimal_mark!r} is not offered, only '.'. Read the column as text and convert it."
            )
        return DataType("float")

    @staticmethod
    def to_bool() -> "DataType":
        """True and false, also written as 1 and 0, t and f, yes and no."""
        return DataType("bool")

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> "DataType":
        """Dates and times, ISO 8601 or in given formats of `strftime`."""
        given = (formats,) if isinstance(formats, str) else tuple(formats or ())
        return DataType("datetime", given)
