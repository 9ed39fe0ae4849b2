"""What is different between two datasets, such as two versions of one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeyard.data._tables import html_table
from pipeyard.data.dataset_profile import ColumnProfile, DatasetProfile, FileProfile, Plain, shown

STATISTICS = ("count", "missing", "unique", "min", "max", "mean", "std")
SHOWN_FILES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that has another value.

    Attributes:
        what: Such as `price mean`.
        before: In the other dataset.
        after: In this one.
    """

    what: str
    before: Plain
    after: Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDiff:
    """What is different between two datasets.

    Attributes:
        before: Name of the other dataset, for people.
        after: Name of this one.
        files_added: Files by name that only this one has.
        files_removed: Files that only the other has.
        files_changed: Files of one name with different contents.
        columns_added: Types by name of columns that only this one has.
        columns_removed: Types by name of columns that only the other has.
        type_changes: Columns of another type.
        row_count: (rows of the other, rows of this one); None for datasets of files.
        statistics: Statistics of columns that both have, where they differ.
    """

    before: str
    after: str
    files_added: tuple[str, ...]
    files_removed: tuple[str, ...]
    files_changed: tuple[str, ...]
    columns_added: Mapping[str, str]
    columns_removed: Mapping[str, str]
    type_changes: tuple[Change, ...]
    row_count: tuple[int, int] | None
    statistics: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was compared is different."""
        return not self._lines()

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def __bool__(self) -> bool:
        return not self.is_empty

    def __str__(self) -> str:
        lines = self._lines() or [("", "no differences", "", "")]
        told = [f"  {sign or ' '} {what}{_arrow(old, new)}" for sign, what, old, new in lines]
        return "\n".join([f"{self.before} → {self.after}", *told])

    def _repr_html_(self) -> str:
        lines = self._lines() or [("", "no differences", "", "")]
        return html_table(("", "what", "before", "after"), lines, f"{self.before} → {self.after}")

    def _lines(self) -> list[tuple[str, str, str, str]]:
        """(sign, what, before, after) of every difference."""
        lines = [*_files("+", self.files_added), *_files("-", self.files_removed), *_files("~", self.files_changed)]
        lines += [("+", f"column {name} ({kind})", "", "") for name, kind in self.columns_added.items()]
        lines += [("-", f"column {name} ({kind})", "", "") for name, kind in self.columns_removed.items()]
        if self.row_count is not None and self.row_count[0] != self.row_count[1]:
            lines.append(("~", "rows", shown(self.row_count[0]), shown(self.row_count[1])))
        changes = (*self.type_changes, *self.statistics)
        return lines + [("~", each.what, shown(each.before), shown(each.after)) for each in changes]


def compare(before: DatasetProfile, after: DatasetProfile, names: tuple[str, str]) -> DatasetDiff:
    """The differences of two profiles."""
    old_files, new_files = _by_name(before.files), _by_name(after.files)
    old, new = before.schema, after.schema
    both = [name for name in new if name in old]
    rows = None if before.row_count is None or after.row_count is None else (before.row_count, after.row_count)
    return DatasetDiff(
        before=names[0],
        after=names[1],
        files_added=tuple(name for name in new_files if name not in old_files),
        files_removed=tuple(name for name in old_files if name not in new_files),
        files_changed=tuple(name for name in new_files if name in old_files and old_files[name] != new_files[name]),
        columns_added={name: kind for name, kind in new.items() if name not in old},
        columns_removed={name: kind for name, kind in old.items() if name not in new},
        type_changes=tuple(
            Change(what=f"type of {name}", before=old[name], after=new[name]) for name in both if old[name] != new[name]
        ),
        row_count=rows,
        statistics=tuple(change for name in both for change in _statistics(before.column(name), after.column(name))),
    )


def _statistics(before: ColumnProfile, after: ColumnProfile) -> list[Change]:
    if before.type != after.type:
        return []
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in STATISTICS]
    return [Change(what=f"{after.name} {name}", before=old, after=new) for name, old, new in pairs if old != new]


def _by_name(files: Sequence[FileProfile]) -> dict[str, tuple[int, str | None]]:
    return {file.name: (file.size, file.digest) for file in files}


def _files(sign: str, names: Sequence[str]) -> list[tuple[str, str, str, str]]:
    lines = [(sign, f"file {name}", "", "") for name in names[:SHOWN_FILES]]
    more = len(names) - SHOWN_FILES
    return [*lines, (sign, f"and {more:,} more files", "", "")] if more > 0 else lines


def _arrow(before: str, after: str) -> str:
    return f": {before or 'none'} → {after or 'none'}" if before or after else ""
