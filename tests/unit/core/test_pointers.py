from shared.core.errors import Fault
from shared.core.pointers import below, json_pointer


def test_pointers_follow_rfc_6901():
    assert json_pointer() == ""
    assert json_pointer("steps", 0, "a/b~c", "") == "/steps/0/a~1b~0c/"


def test_pointers_can_be_sent():
    assert json_pointer("\ud800") == "/?"


def test_below_moves_faults_of_a_part():
    faults = [Fault(pointer="", message="m"), Fault(pointer="/x", message="n", suggestion="s")]
    assert [fault.pointer for fault in below("/steps/3", faults)] == ["/steps/3", "/steps/3/x"]
    assert below("/a", faults)[1].suggestion == "s"
