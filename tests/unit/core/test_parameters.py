from shared.core.bindings import ParameterDefinition
from shared.core.parameters import fit_parameter


def test_a_value_that_fits_is_given_back():
    value, faults = fit_parameter(ParameterDefinition(type="float"), 2)
    assert (repr(value), faults) == ("2.0", [])


def test_a_value_that_does_not_fit_is_described():
    value, (fault,) = fit_parameter(ParameterDefinition(type="int"), "2")
    assert value is None
    assert (fault.pointer, fault.message) == ("", "Must be a whole number, not a string.")
    assert fault.suggestion == "Write 2 without quotes."
