"""The set by which a purge sweeps: members are always found, strangers rarely."""

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
    mistaken = []
    for salt in ("a", "b"):
        marks = Marks(salt)
        for number in range(200_000):
            marks.add(f"member {number}")
        mistaken.append({number for number in range(200_000) if f"stranger {number}" in marks})
    assert mistaken[0].isdisjoint(mistaken[1])


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match=str(SIZE_BYTES)):
        Marks.load("a", b"short")
