"""Mini-batches: files or rows of the inputs, cut in an order that is the same every time."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeyard._core.dataset_views import DatasetView
from pipeyard._core.parallel_run import (
    DEFAULT_BYTES_PER_BATCH,
    DEFAULT_FILES_PER_BATCH,
    ParallelRunSettings,
    batch_size,
)
from pipeyard.exceptions import UserErrorException
from pipeyard.jobs import _step
from pipeyard.jobs.parallel_run import tables
from pipeyard.jobs.parallel_run.tables import TableSlice


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniBatch:
    """A part of an input.

    Attributes:
        index: Its place among all mini-batches, from 0.
        input_name: The input that it is a part of.
        files: Paths, for an input of files.
        rows: Which rows, for a tabular input.
        partition: The values that its files or rows share, for inputs cut by `partition_keys`.
    """

    index: int
    input_name: str
    files: tuple[str, ...] = ()
    rows: TableSlice | None = None
    partition: dict[str, Any] | None = None

    @property
    def items(self) -> int:
        """How many items can fail: files or rows, or the partition as a whole."""
        if self.partition is not None:
            return 1
        return len(self.files) if self.rows is None else self.rows.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An input to cut."""

    name: str
    path: Path
    view: DatasetView | None

    @property
    def is_table(self) -> bool:
        """Whether it consists of rows."""
        return self.view is not None and self.view.format is not None


def find_sources(names: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[Source]:
    """The inputs to cut.

    Raises:
        UserErrorException: One has no files, or some are files and some are rows.
    """
    sources = []
    for name in names:
        dataset = _step.dataset_of(name, environment)
        view = DatasetView.model_validate(dataset["view"]) if dataset and dataset.get("view") else None
        sources.append(Source(name=name, path=Path(_step.path_of(name, environment)), view=view))
    if len({source.is_table for source in sources}) > 1:
        kinds = ", ".join(f"{source.name} ({'rows' if source.is_table else 'files'})" for source in sources)
        raise UserErrorException(f"All inputs must be of one kind, files or rows: {kinds}.")
    return sources


def cut(sources: Sequence[Source], settings: ParallelRunSettings, staging: Path) -> list[MiniBatch]:
    """All mini-batches: input by input, and in each in the order of its paths or rows.

    Args:
        sources: The inputs.
        settings: How to cut.
        staging: A folder for the rows of tabular inputs.

    Raises:
        UserErrorException: An input cannot be cut so.
    """
    batches: list[MiniBatch] = []
    for number, source in enumerate(sources):
        parts = (
            _cut_table(source, settings, staging / f"{number}.parquet")
            if source.is_table
            else _cut_files(source, settings)
        )
        for files, rows, partition in parts:
            batches.append(
                MiniBatch(index=len(batches), input_name=source.name, files=files, rows=rows, partition=partition)
            )
    return batches


type _Part = tuple[tuple[str, ...], TableSlice | None, dict[str, Any] | None]


def _cut_files(source: Source, settings: ParallelRunSettings) -> Iterator[_Part]:
    files = list_files(source.path)
    if settings.partition_keys is not None:
        yield from _partition_files(source, files, settings.partition_keys)
        return
    size = settings.mini_batch_size
    if size is not None and not size.isdecimal():
        raise UserErrorException(
            f"The input {source.name} consists of files: mini_batch_size must be a number of files, not {size!r}."
        )
    step = batch_size(size) if size else DEFAULT_FILES_PER_BATCH
    for begin in range(0, len(files), step):
        yield tuple(str(path) for path in files[begin : begin + step]), None, None


def list_files(folder: Path) -> list[Path]:
    """Every file below a folder, sorted by its relative path; or the one file that the path is."""
    if folder.is_file():
        return [folder]
    found = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _partition_files(source: Source, files: Sequence[Path], keys: Sequence[str]) -> Iterator[_Part]:
    layout = source.view.partition_format if source.view is not None else None
    if layout is None:
        raise UserErrorException(
            f"The input {source.name} has no partition_format, so there are no columns {', '.join(keys)}. "
            "Give its dataset one, such as '{user}/{genres}.csv', or use mini_batch_size."
        )
    groups: dict[tuple[Any, ...], list[str]] = {}
    for path in files:
        name = path.name if source.path.is_file() else path.relative_to(source.path).as_posix()
        values = tables.partition_values(layout, name)
        _check_keys(source.name, keys, list(values))
        groups.setdefault(tuple(values[key] for key in keys), []).append(str(path))
    for values_of_keys in sorted(groups, key=lambda found: tuple(map(str, found))):
        yield tuple(groups[values_of_keys]), None, dict(zip(keys, values_of_keys, strict=True))


def _cut_table(source: Source, settings: ParallelRunSettings, staged: Path) -> Iterator[_Part]:
    if source.view is None:
        raise AssertionError  # only tables come here
    table = tables.stage(source.path, source.view, staged, settings.partition_keys)
    if settings.partition_keys is not None:
        _check_keys(source.name, settings.partition_keys, table.columns)
        for partition, rows in table.partitions(settings.partition_keys):
            yield (), rows, partition
        return
    wanted = batch_size(settings.mini_batch_size) if settings.mini_batch_size else DEFAULT_BYTES_PER_BATCH
    yield from (((), rows, None) for rows in table.slices(wanted))


def _check_keys(name: str, keys: Sequence[str], columns: Sequence[str]) -> None:
    missing = [key for key in keys if key not in columns]
    if missing:
        raise UserErrorException(
            f"The input {name} has no columns {', '.join(missing)} to partition by; it has {', '.join(columns)}."
        )
