"""Parts of the sweep's driver that need no workspace; tests/e2e/test_hyperdrive.py has the rest."""

import pytest
from pipeyard._core.sweep import HyperdriveSettings, Sampling
from pipeyard.jobs.hyperdrive.report import best_of, line_of, table_of
from pipeyard.jobs.hyperdrive.sampler import make_sampler
from pipeyard.jobs.hyperdrive.trials import Trial, flags

SPACE = {"--rate": ["uniform", [0, 1]], "--size": ["quniform", [8, 64, 8]], "--kind": ["choice", [["a", "b"]]]}
SETTINGS = HyperdriveSettings(
    script_name="train.py",
    sampling={"kind": "random", "space": SPACE},
    primary_metric_name="loss",
    primary_metric_goal="MINIMIZE",
    max_total_runs=4,
)


def sampler(kind: str, space=SPACE, step_run_id: str = "run-00000", **properties):
    return make_sampler(Sampling(kind=kind, space=space, properties=properties), "MINIMIZE", step_run_id)


def trial(number: int, status: str, *series: float) -> Trial:
    return Trial(
        number=number,
        values={"--rate": number},
        run_id=f"run{number}",
        step="s",
        created_at="",
        status=status,
        series=list(series),
    )


def test_random_trials_hang_on_their_number_and_the_seed_alone():
    assert sampler("random").propose(3) == sampler("random").propose(3)
    assert sampler("random").propose(3) != sampler("random").propose(4)
    assert sampler("random").propose(3) != sampler("random", step_run_id="other-00000").propose(3)
    one = sampler("random", seed=5, step_run_id="a").propose(0)
    assert one == sampler("random", seed=5, step_run_id="b").propose(0)


def test_a_grid_ends():
    grid = sampler("grid", {"--a": ["choice", [[1, 2]]]})
    assert [grid.propose(number) for number in range(3)] == [{"--a": 1}, {"--a": 2}, None]


def test_bayesian_sampling_learns_and_goes_on_after_a_restart():
    pytest.importorskip("optuna")
    space = {"--x": ["uniform", [-10, 10]], "--q": ["quniform", [0, 1, 0.25]]}
    first = sampler("bayesian", space, seed=1)
    proposals = []
    for number in range(40):
        values = first.propose(number)
        assert values["--q"] in {0, 0.25, 0.5, 0.75, 1}
        proposals.append(values)
        first.ended(number, (values["--x"] - 3) ** 2 if number % 7 else None)
    second = sampler("bayesian", space, seed=1)
    for number, values in enumerate(proposals):
        second.found(number, values)
        second.ended(number, (values["--x"] - 3) ** 2)
    late = [second.propose(number)["--x"] for number in range(40, 50)]
    assert sum(abs(x - 3) for x in late) / 10 < 4  # random draws are 6 away on average


def test_flags_are_words_of_a_command_line():
    assert flags({"--batch-size": 16, "rate": 0.1, "-n": True}) == ["--batch-size", 16, "--rate", 0.1, "-n", True]


def test_the_best_trial_is_a_finished_one():
    trials = [
        trial(0, "Finished", 3.0, 2.0),
        trial(1, "Canceled", 0.5),
        trial(2, "Finished", 2.0),
        trial(3, "Finished"),
    ]
    best = best_of(trials, SETTINGS)
    assert best is trials[0]
    assert best_of(trials[1:2], SETTINGS) is None
    assert best_of([trial(0, "Finished", float("nan"))], SETTINGS) is None


def test_people_read_a_table():
    trials = [trial(0, "Finished", 0.25), trial(1, "Failed")]
    assert table_of(trials, SETTINGS).splitlines() == [
        "   trial  status    loss  --rate  run",
        "*  0      Finished  0.25  0       run0",
        "   1      Failed          1       run1",
    ]
    assert line_of(trials[0], SETTINGS) == "trial 0 (run run0): Finished, loss 0.25, --rate 0"
    assert table_of([], SETTINGS)
