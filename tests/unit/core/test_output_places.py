import pytest

from shared.core.bindings import StepOutput
from shared.core.output_places import output_place, place_faults


def test_without_a_template_each_step_run_has_a_place_of_its_own():
    assert output_place(StepOutput(), "run", 3, "out") == "azureml/run-00003/out"
    assert place_faults(None) == []


def test_a_template_is_filled_in():
    output = StepOutput(path="data/{output-name}/{run-id}/{output-name}.csv")
    assert output_place(output, "run", 3, "out") == "data/out/run-00003/out.csv"
    assert place_faults(output.path) == []


@pytest.mark.parametrize("template", ["", "/a", "a/", "../a", "a//b", "{run_id}", "a/{run-id", "}"])
def test_what_is_no_place(template: str):
    assert len(place_faults(template)) == 1
