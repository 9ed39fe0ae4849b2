"""Differences of two key documents in the user's terms: files, parameters, arguments, inputs, never digests of all."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from .canonical import canonical_json
from .records import Difference
from .wording import MAX_SHOWN, quoted, shorten

_RANKS = (
    "key_version",
    "file",
    "outside",
    "snapshot",
    "parameter",
    "argument",
    "input",
    "dataset",
    "dataset_view",
    "output",
    "settings",
    "environment",
    "environment_variable",
    "version",
    "step_type",
    "step_type_version",
    "compute",
)
"""Kinds of difference, the most telling first."""
_SINGLES = {
    "version": "version",
    "step_type": "step_type",
    "step_type_version": "step_type_version",
    "compute_kind": "compute",
}
"""Ingredients that are one value, with the kind of difference that each makes."""

_MAX_ALIGNED = 200
_SHORT_DIGEST = 8
_CONTEXT = 15
_CREDENTIALS = re.compile(r"://[^/\s@]+@")


def compare(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    before_files: Mapping[str, str] | None,
    after_files: Mapping[str, str] | None,
) -> tuple[Difference, ...]:
    """What differs between two key documents, most telling first; empty exactly when the documents are equal.

    Values of environment variables never appear: they may be secrets.

    Args:
        before: The earlier document.
        after: The present one.
        before_files: SHA-256 by path of the earlier snapshot, None where its list of files is not at hand.
        after_files: The same of the present snapshot.
    """
    if _same(dict(before), dict(after)):
        return ()
    rules = [_difference("key_version", "key_version", before.get("key_version"), after.get("key_version"))]
    if not _same(before.get("key_version"), after.get("key_version")):
        return tuple(rules)  # other rules, other ingredients: nothing else can be compared
    found = [
        *_snapshot(before.get("snapshot"), after.get("snapshot"), before_files, after_files),
        *_arguments(before.get("arguments", ()), after.get("arguments", ())),
        *_inputs(before.get("inputs", {}), after.get("inputs", {})),
        *_outputs(before.get("outputs", {}), after.get("outputs", {})),
        *_outside(before.get("outside", {}), after.get("outside", {})),
        *_settings(before.get("settings", {}), after.get("settings", {})),
        *_environment(before.get("environment", {}), after.get("environment", {})),
        *_variables(before.get("environment_variables", {}), after.get("environment_variables", {})),
        *(
            _difference(kind, key, before.get(key), after.get(key))
            for key, kind in _SINGLES.items()
            if not _same(before.get(key), after.get(key))
        ),
    ]
    # A parameter may be used in several places: it is named once. No difference found means an unknown ingredient.
    return tuple(sorted(dict.fromkeys(found), key=lambda difference: _RANKS.index(difference.kind))) or tuple(rules)


def _snapshot(
    before: str | None, after: str | None, before_files: Mapping[str, str] | None, after_files: Mapping[str, str] | None
) -> list[Difference]:
    if before == after:
        return []
    files = []
    if before_files is not None and after_files is not None:
        files = [
            Difference(kind="file", name=path, before=_short(old), after=_short(new))
            for path, old, new in _changes(before_files, after_files)
        ]
    return files or [Difference(kind="snapshot", name="snapshot", before=_short(before), after=_short(after))]


def _outside(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    # A file under another path is another setting, which says so already.
    return [
        Difference(kind="outside", name=name, before=_short(before[name]), after=_short(after[name]))
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name]
    ]


def _arguments(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    for old_at, new_at in _aligned([_identity(old) for old in before], [_identity(new) for new in after]):
        old = None if old_at is None else before[old_at]
        new = None if new_at is None else after[new_at]
        if old is not None and new is not None and _identity(old) == _identity(new):
            yield from _parameter(old, new)
        else:
            position = new_at if new_at is not None else old_at
            yield Difference(kind="argument", name=str((position or 0) + 1), before=_label(old), after=_label(new))


def _aligned(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[tuple[int | None, int | None]]:
    # An argument that was put in front must not make all others look changed. Long lists are compared by position:
    # aligning takes quadratic time.
    if max(len(before), len(after)) > _MAX_ALIGNED:
        yield from zip_longest(range(len(before)), range(len(after)))
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        yield from zip_longest(range(old_start, old_end), range(new_start, new_end))


def _inputs(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    for name, old, new in _changes(before, after):
        if old is not None and new is not None and "parameter" in old and _identity(old) == _identity(new):
            yield from _parameter(old, new)
        elif old is not None and new is not None and "mode" in old and "mode" in new:
            yield from _dataset(name, old, new)
        else:
            yield Difference(kind="input", name=name, before=_label(old), after=_label(new))


def _dataset(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old["digest"] != new["digest"]:
        yield Difference(kind="dataset", name=name, before=_label(old), after=_label(new))
    if not _same(old.get("view"), new.get("view")):
        yield _difference("dataset_view", name, old.get("view", {}), new.get("view", {}))
    if old["mode"] != new["mode"]:
        yield Difference(kind="dataset", name=name, before=f"mode {old['mode']}", after=f"mode {new['mode']}")


def _parameter(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if not _same(old.get("value"), new.get("value")):
        yield _difference("parameter", old["parameter"], old.get("value"), new.get("value"))


def _outputs(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    for name, old, new in _changes(before, after):
        yield Difference(kind="output", name=name, before=_output_label(old), after=_output_label(new))


def _output_label(output: Mapping[str, Any] | None) -> str | None:
    if output is None:
        return None
    place = output["datastore"] or "the default"
    place += f" at {output['path']}" if "path" in output else ""
    return place + (f", dataset {output['dataset']}" if "dataset" in output else "")


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name, old, new in _changes(before, after):
        yield _difference("settings", name, old, new)


def _environment(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name, old, new in _changes(before, after):
        if name == "variables":
            yield from _variables(old or {}, new or {})
        elif isinstance(old, list) and isinstance(new, list) and set(old) != set(new):
            gone, added = ([item for item in one if item not in other] for one, other in ((old, new), (new, old)))
            yield _difference("environment", name, gone or None, added or None)
        else:
            yield _difference("environment", name, old, new)


def _variables(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name, old, new in _changes(before, after):
        after_text = "set" if old is None else "changed"
        yield Difference(
            kind="environment_variable",
            name=name,
            before=None if old is None else "set",
            after=None if new is None else after_text,
        )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after or not _same(before[name], after[name]):
            yield name, before.get(name), after.get(name)


def _same(before: object, after: object) -> bool:
    return canonical_json(before) == canonical_json(after)  # Python's == takes 1, 1.0 and True for the same


def _identity(port: Mapping[str, Any]) -> bytes:
    return canonical_json({key: value for key, value in port.items() if key != "value"})


def _difference(kind: str, name: str, before: object, after: object) -> Difference:
    old, new = _json_text(before), _json_text(after)
    if old is not None and new is not None:
        old, new = _around_change(old, new)
    return Difference(kind=kind, name=name, before=old, after=new)


def _json_text(value: object) -> str | None:
    if value is None:
        return None
    return _CREDENTIALS.sub("://…@", json.dumps(value, ensure_ascii=False, sort_keys=True))


def _around_change(old: str, new: str) -> tuple[str, str]:
    """Both texts, cut so that what differs is not what is cut off."""
    pairs = enumerate(zip(old, new, strict=False))
    start = next((at for at, (one, other) in pairs if one != other), min(len(old), len(new))) - _CONTEXT
    if start > 0 and max(len(old), len(new)) > MAX_SHOWN:
        old, new = f"…{old[start:]}", f"…{new[start:]}"
    return shorten(old), shorten(new)


def _label(port: Mapping[str, Any] | None) -> str | None:
    match port:
        case None:
            return None
        case {"digest": str() as digest}:
            return f"content {_short(digest)}"
        case {"literal": literal}:
            return shorten(str(_json_text(literal)))
        case {"parameter": name}:
            return f"parameter {quoted(name)}"
        case {"input": name}:
            return f"input {quoted(name)}"
        case _:
            return f"output {quoted(port['output'])}"


def _short(digest: str | None) -> str | None:
    return None if digest is None else digest[:_SHORT_DIGEST]
