"""What a workspace keeps by name, as a dictionary that helps with misspelt names."""

from collections.abc import Iterable, Mapping
from typing import NoReturn

from pipeyard._checks import suggest


class Named[T](dict[str, T]):
    """Things of one kind by name.

    Attributes:
        kind: What one of them is called, such as `datastore`.
    """

    def __init__(self, kind: str, items: Mapping[str, T] | Iterable[tuple[str, T]]) -> None:
        super().__init__(items)
        self.kind = kind

    def __missing__(self, name: object) -> NoReturn:
        """Tell which names there are.

        Raises:
            KeyError: Always, as dictionaries do.
        """
        known = ", ".join(sorted(self)) or "none"
        raise KeyError(f"There is no {self.kind} {name!r}.{suggest(str(name), self)} There are: {known}.")
