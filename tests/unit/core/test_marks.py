"""The set by which a purge sweeps: members are always found, strangers rarely."""

import zlib

import pytest

from shared.core.marks import SIZE_BYTES, Marks


def test_members_are_found_also_after_a_detour_through_bytes() -> None:
    marks = Marks("a")
    members = [f"member {number}" for number in range(20_000)]
    for member in members:
        marks.add(member)
    again = Marks.load("a", marks.dump())
    assert all(member in again for member in members)
    strangers = sum(f"stranger {number}" in again for number in range(20_000))
    assert strangers < 20


def test_what_is_mistaken_for_a_member_is_not_under_another_salt() -> None:
    half_full = b"\x55" * SIZE_BYTES
    first, second = (
        {number for number in range(5000) if f"stranger {number}" in marks}
        for marks in (Marks("a", half_full), Marks("b", half_full))
    )
    assert min(len(first), len(second)) > 100
    assert len(first & second) < len(first) / 4


def test_a_set_with_little_in_it_is_small() -> None:
    marks = Marks("a")
    marks.add("member")
    assert len(marks.dump()) < SIZE_BYTES / 100


@pytest.mark.parametrize("data", [b"short", zlib.compress(b"short")])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"set of marks"):
        Marks.load("a", data)
