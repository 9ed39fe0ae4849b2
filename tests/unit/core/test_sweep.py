from typing import Any

from shared.core.sweep import parse_policy, read_trial_labels, sweep_faults, trial_labels
from shared.core.sweep_policies import BanditPolicy, NoTermination


def test_labels_tell_a_trial_again():
    values: dict[str, Any] = {"--rate": 0.1, "--kind": "a b", "--deep": True, "--count": 3}
    labels = trial_labels(7, values)
    assert read_trial_labels({**labels, "other": "x"}) == (7, values)
    assert read_trial_labels({"other": "x"}) is None


def test_policies_are_parsed_by_kind():
    assert parse_policy({}) == NoTermination()
    assert parse_policy({"kind": "bandit", "slack_amount": 1}) == BanditPolicy(slack_amount=1)


def test_faults_have_places():
    settings = {
        "sampling": {"kind": "bayesian", "space": {"x": ["normal", [0, 1]]}, "properties": {"seed": "a"}, "more": 1},
        "policy": {"kind": "bandit", "delay_evaluation": -1},
    }
    pointers = [fault.pointer for fault in sweep_faults(settings)]
    assert sorted(set(pointers)) == [
        "/policy",
        "/policy/delay_evaluation",
        "/sampling/more",
        "/sampling/properties/seed",
        "/sampling/space/x",
    ]
    (unknown,) = sweep_faults({"policy": {"kind": "bandits"}})
    assert unknown.suggestion == "Did you mean `bandit`?"
