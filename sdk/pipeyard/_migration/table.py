"""The table of v1's names: which work as they are, which differ, which are not offered, and why.

`names.toml` holds it as data. docs/moving-from-v1.md shows it to people, and `pipeyard migrate check` reads scripts
with it; a test compares it with what notebooks for SDK v1 use, and with what this package really has.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

V1_PACKAGE = "azureml"
PACKAGE = "pipeyard"


class Verdict(StrEnum):
    """What becomes of a name. `UNKNOWN` is never in the table: the table does not know the name."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A verdict, and the sentence that explains it: "" where nothing needs explaining."""

    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A class, function or constant of v1.

    Attributes:
        name: As v1 calls it; `Environment.docker` is what an attribute of an instance holds.
        modules: v1's modules from which scripts import it.
        outcome: Of the name itself.
        members: Outcome by method or attribute.
        arguments: Outcome by keyword argument of the constructor, where it is not the name's own.
        returns: Name of what a member gives, by member.
    """

    name: str
    modules: tuple[str, ...]
    outcome: Outcome
    members: Mapping[str, Outcome] = field(default_factory=dict)
    arguments: Mapping[str, Outcome] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)

    def member(self, member: str) -> Outcome | None:
        """What becomes of a member; None where nothing is known of it."""
        if self.outcome.verdict is Verdict.MISSING:
            return self.outcome
        return self.members.get(member)


def new_module(v1_module: str) -> str:
    """The module of this package that takes a v1 module's place."""
    return PACKAGE + v1_module.removeprefix(V1_PACKAGE).removeprefix("_user")


@cache
def load_names() -> dict[str, Name]:
    """Every known name of v1."""
    text = resources.files(__package__).joinpath("names.toml").read_text(encoding="utf-8")
    return {name: _name(name, entry) for name, entry in tomllib.loads(text).items()}


@cache
def names_by_import() -> dict[tuple[str, str], Name]:
    """Every known name by (v1 module, name in it)."""
    return {(module, name.name): name for name in load_names().values() for module in name.modules}


def _name(name: str, entry: dict[str, Any]) -> Name:
    members = {member: Outcome(verdict=Verdict.SAME) for member in entry.get("same", ())}
    for verdict in (Verdict.DIFFERS, Verdict.MISSING):
        notes = entry.get(verdict.value, {})
        members |= {member: Outcome(verdict=verdict, note=note) for member, note in notes.items()}
    arguments = {
        argument: Outcome(verdict=Verdict.DIFFERS, note=note) for argument, note in entry.get("arguments", {}).items()
    }
    return Name(
        name=name,
        modules=tuple(entry.get("modules", ())),
        outcome=Outcome(verdict=Verdict(entry.get("verdict", "same")), note=entry.get("note", "")),
        members=members,
        arguments=arguments,
        returns=entry.get("returns", {}),
    )
