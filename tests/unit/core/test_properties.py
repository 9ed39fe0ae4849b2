"""Properties are only ever added."""

from shared.core.properties import property_faults


def test_new_properties_and_known_values_are_fine():
    assert property_faults({"commit": "ab"}, {"commit": "ab", "branch": "main"}) == []


def test_every_property_that_would_change_is_named():
    faults = property_faults({"a/b": "1", "c": "2"}, {"a/b": "3", "c": "4"})
    assert [fault.pointer for fault in faults] == ["/properties/a~1b", "/properties/c"]
    assert all("never change" in fault.message for fault in faults)
