import pytest

from shared.core.bindings import OutputArgument, StepOutput
from shared.core.definition import StepDefinition
from shared.steps.hyperdrive import HyperdriveStep

TYPE = HyperdriveStep()
SETTINGS = {
    "script_name": "train.py",
    "sampling": {"kind": "random", "space": {"--rate": ["uniform", [0, 1]]}},
    "primary_metric_name": "accuracy",
    "primary_metric_goal": "MAXIMIZE",
    "max_total_runs": 4,
}


def step(settings=None, **fields) -> StepDefinition:
    outputs = {"model": StepOutput(), "metrics": StepOutput()}
    return StepDefinition(
        name="a",
        type="hyperdrive",
        **{"snapshot": "ab" * 32, "settings": {**SETTINGS, **(settings or {})}, "outputs": outputs, **fields},
    )


def test_a_sweep_with_everything():
    settings = {
        "policy": {"kind": "bandit", "slack_factor": 0.1, "evaluation_interval": 2},
        "max_concurrent_runs": {"parameter": "n"},
        "metrics_output": "metrics",
        "model_outputs": {"model": {"model_file": "./outputs/model.pkl"}},
    }
    assert TYPE.check(step(settings)) == []
    assert TYPE.words(step(settings, arguments=("--x", 1))) == ("pipeyard.jobs.hyperdrive",)
    assert TYPE.starts_runs


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"script_name": "/x.py"}, "/settings/script_name"),
        ({"sampling": {"kind": "all", "space": {"--a": ["choice", [[1]]]}}}, "/settings/sampling/kind"),
        ({"sampling": {"kind": "grid", "space": {"--a": ["uniform", [0, 1]]}}}, "/settings/sampling/space/--a"),
        ({"policy": {"kind": "bandit"}}, "/settings/policy"),
        ({"policy": {"kind": "truncation_selection"}}, "/settings/policy/truncation_percentage"),
        ({"primary_metric_goal": "UP"}, "/settings/primary_metric_goal"),
        ({"max_total_runs": 0}, "/settings/max_total_runs"),
        ({"metrics_output": "metric"}, "/settings/metrics_output"),
        ({"model_outputs": {"models": {"model_file": "x"}}}, "/settings/model_outputs/models"),
        ({"model_outputs": {"model": {"model_file": "../x"}}}, "/settings/model_outputs/model/model_file"),
        ({"metrics_output": "model", "model_outputs": {"model": {"model_file": "x"}}}, "/settings/metrics_output"),
    ],
)
def test_faults(settings, pointer):
    assert [fault.pointer for fault in TYPE.check(step(settings))] == [pointer]


def test_trials_cannot_write_what_the_sweep_writes():
    arguments = ("--metrics", OutputArgument(output="metrics"))
    (fault,) = TYPE.check(step({"metrics_output": "metrics"}, arguments=arguments))
    assert fault.pointer == "/arguments/1"
