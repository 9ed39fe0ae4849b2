"""Looking for the row of delimited text that the engine could not take, to tell people where it is."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from pipeyard._core.dataset_views import DatasetView, DelimitedFormat
from pipeyard.data._encodings import codec_of
from pipeyard.data._evaluation.files import LocalFile

_COMPRESSED = ".gz"
_NOT_READ_HERE = ".zst"


def odd_row(view: DatasetView, files: Sequence[LocalFile]) -> str | None:
    """A sentence about the first row that has more values than columns, or broken quotes; None where there is none.

    Rows with fewer values are no fault: they are filled.
    """
    layout = view.format
    if not isinstance(layout, DelimitedFormat):
        return None
    for file in files:
        try:
            found = _first(layout, file)
        except (OSError, EOFError, UnicodeError):
            continue  # what the file is instead, the engine's own error tells better
        if found is not None:
            return found
    return None


def _first(layout: DelimitedFormat, file: LocalFile) -> str | None:
    with _opened(layout, file) as text:
        rows = csv.reader(text, delimiter=layout.separator, strict=True)
        columns, line = 0, 1
        try:
            for row in rows:
                columns = columns or len(row)
                if columns and len(row) > columns:
                    return _too_many(layout, file, line, len(row), columns)
                line = rows.line_num + 1
        except csv.Error as error:
            if "field larger than field limit" in str(error):
                return None  # long texts are no fault
            return (
                f"{file.file.name}, line {line}, has a quotation mark that is not closed, or that text follows. "
                'Write a quotation mark inside of quotes twice ("").'
            )
    return None


def _too_many(layout: DelimitedFormat, file: LocalFile, line: int, values: int, columns: int) -> str:
    source = "its header names" if layout.header else "its first line has"
    return (
        f"{file.file.name}, line {line}, has {values} values, but {source} {columns}. "
        f"Put values that hold {layout.separator!r} into quotation marks, or name another separator."
    )


@contextmanager
def _opened(layout: DelimitedFormat, file: LocalFile) -> Iterator[IO[str]]:
    encoding = codec_of(layout.encoding)
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    name = file.local.suffix.lower()
    if name == _NOT_READ_HERE:
        raise OSError(name)
    if name == _COMPRESSED:
        with gzip.open(file.local, "rt", encoding=encoding, newline="") as text:
            yield text
    else:
        with file.local.open(encoding=encoding, newline="") as text:
            yield text
