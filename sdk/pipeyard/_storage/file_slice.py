"""A part of a file as a request's body: read while it is sent and read anew at every try, never whole in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeyard.exceptions import UserErrorException

CHUNK = 256 << 10


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Some bytes of a file."""

    path: Path
    offset: int
    length: int

    @property
    def headers(self) -> dict[str, str]:
        """Says the length, without which the body would be sent in chunks that storage does not take."""
        return {"Content-Length": str(self.length)}

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            left = self.length
            while left:
                chunk = stream.read(min(CHUNK, left))
                if not chunk:
                    raise UserErrorException(f"{self.path} became shorter while it was uploaded.")
                left -= len(chunk)
                yield chunk
