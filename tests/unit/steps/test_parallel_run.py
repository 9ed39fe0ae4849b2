import pytest

from shared.core.bindings import DataReferenceInput, InputArgument, LiteralInput, StepOutput
from shared.core.definition import StepDefinition
from shared.core.parallel_run import ParallelRunSettings, batch_size
from shared.steps.parallel_run import ParallelRunStep

TYPE = ParallelRunStep()
SETTINGS = {"entry_script": "entry.py", "inputs": ["data"], "output": "rows"}


def step(settings=None, **fields) -> StepDefinition:
    return StepDefinition(
        name="a",
        type="parallel_run",
        **{
            "snapshot": "ab" * 32,
            "settings": {**SETTINGS, **(settings or {})},
            "inputs": {
                "data": DataReferenceInput(datastore="d", path="p"),
                "side": DataReferenceInput(datastore="d", path="p"),
                "value": LiteralInput(value=1),
            },
            "outputs": {"rows": StepOutput()},
            **fields,
        },
    )


def test_the_driver_gets_the_entry_scripts_arguments():
    arguments = ("--model", InputArgument(input="side"))
    assert TYPE.check(step(arguments=arguments)) == []
    assert TYPE.words(step(arguments=arguments)) == ("pipeyard.jobs.parallel_run", *arguments)


def test_parameters_may_stand_for_values():
    bound = {name: {"parameter": "x"} for name in ("mini_batch_size", "error_threshold", "run_max_try")}
    assert TYPE.check(step(bound)) == []


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"entry_script": "../x.py"}, "/settings/entry_script"),
        ({"inputs": []}, "/settings/inputs"),
        ({"inputs": ["dat"]}, "/settings/inputs/0"),
        ({"inputs": ["value"]}, "/settings/inputs/0"),
        ({"output": "row"}, "/settings/output"),
        ({"output": None}, "/settings/output"),
        ({"output_action": "append"}, "/settings/output_action"),
        ({"mini_batch_size": "10TB"}, "/settings/mini_batch_size"),
        ({"mini_batch_size": "0"}, "/settings/mini_batch_size"),
        ({"mini_batch_size": "1MB", "partition_keys": ["k"]}, "/settings/mini_batch_size"),
        ({"error_threshold": -2}, "/settings/error_threshold"),
        ({"error_threshold": 1.5}, "/settings/error_threshold"),
        ({"run_invocation_timeout": 0}, "/settings/run_invocation_timeout"),
        ({"run_max_try": 0}, "/settings/run_max_try"),
        ({"append_row_file_name": "a/b.txt"}, "/settings/append_row_file_name"),
        ({"allowed_failed_percent": 101}, "/settings/allowed_failed_percent"),
        ({"logging_level": "LOUD"}, "/settings/logging_level"),
    ],
)
def test_faults(settings, pointer):
    assert [fault.pointer for fault in TYPE.check(step(settings))] == [pointer]


@pytest.mark.parametrize("arguments", [("model.pkl",), (1,), ("--error_threshold", 1), ("--mini-batch-size=3",)])
def test_arguments_that_no_entry_script_could_get(arguments):
    assert [fault.pointer for fault in TYPE.check(step(arguments=arguments))] == ["/arguments/0"]


def test_summaries_need_no_output():
    assert TYPE.check(step({"output": None, "output_action": "summary_only"})) == []


@pytest.mark.parametrize(("text", "size"), [("10", 10), ("2KB", 2048), ("3mb", 3 << 20), ("1Gb", 1 << 30)])
def test_sizes(text, size):
    assert batch_size(text) == size


def test_a_number_of_files_may_be_a_number():
    assert ParallelRunSettings.model_validate({**SETTINGS, "mini_batch_size": 5}).mini_batch_size == "5"
