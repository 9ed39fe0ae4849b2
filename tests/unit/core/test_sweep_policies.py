import math

from hypothesis import given
from hypothesis import strategies as st

from shared.core.sweep_policies import (
    BanditPolicy,
    MedianStoppingPolicy,
    NoTermination,
    TruncationSelectionPolicy,
    due_interval,
    hopeless,
)

SERIES = st.dictionaries(st.integers(0, 9), st.lists(st.floats(-1e6, 1e6), max_size=6), max_size=8)
POLICIES = st.sampled_from(
    [
        BanditPolicy(slack_factor=0.2),
        BanditPolicy(slack_amount=0.0),
        MedianStoppingPolicy(),
        TruncationSelectionPolicy(truncation_percentage=50),
    ]
)


def test_intervals_are_multiples_not_before_the_delay():
    policy = BanditPolicy(slack_amount=1, evaluation_interval=3, delay_evaluation=6)
    assert [due_interval(policy, logged) for logged in (0, 3, 5, 6, 8, 9)] == [None, None, None, 6, 6, 9]
    assert due_interval(NoTermination(), 9) is None


def test_bandit_by_factor_as_v1_documents_it():
    policy = BanditPolicy(slack_factor=0.2)
    series = {0: [0.8], 1: [0.65], 2: [0.67], 3: [0.1]}
    assert set(hopeless(policy, "MAXIMIZE", series, {1, 2})) == {1}  # 0.8 / 1.2 is 0.667; trial 3 has ended
    assert set(hopeless(policy, "MINIMIZE", {0: [1.0], 1: [1.19], 2: [1.21]}, {0, 1, 2})) == {2}


def test_bandit_by_amount_and_with_negative_values():
    policy = BanditPolicy(slack_amount=2)
    assert set(hopeless(policy, "MAXIMIZE", {0: [9], 1: [7], 2: [6.9]}, {0, 1, 2})) == {2}
    factor = BanditPolicy(slack_factor=0.5)
    assert hopeless(factor, "MAXIMIZE", {0: [-1.0], 1: [-1.2]}, {0, 1}) == {}
    assert set(hopeless(factor, "MAXIMIZE", {0: [-1.0], 1: [-9.0]}, {0, 1})) == {1}


def test_a_trial_is_compared_at_its_own_interval():
    policy = BanditPolicy(slack_amount=1)
    series = {0: [1.0, 5.0, 9.0], 1: [1.0]}
    assert hopeless(policy, "MAXIMIZE", series, {0, 1}) == {}
    assert set(hopeless(policy, "MAXIMIZE", {**series, 1: [1.0, 1.0]}, {1})) == {1}


def test_median_stopping_compares_the_best_value_with_the_median_of_averages():
    series = {0: [1.0, 1.0], 1: [5.0, 5.0], 2: [4.0, 4.0]}
    assert set(hopeless(MedianStoppingPolicy(), "MAXIMIZE", series, {0, 1, 2})) == {0}
    assert set(hopeless(MedianStoppingPolicy(), "MINIMIZE", series, {0, 1, 2})) == {1}


def test_truncation_ends_the_worst_share_rounded_down():
    policy = TruncationSelectionPolicy(truncation_percentage=40)
    series = {number: [float(number)] for number in range(5)}
    assert set(hopeless(policy, "MAXIMIZE", series, range(5))) == {0, 1}
    assert set(hopeless(policy, "MINIMIZE", series, range(5))) == {3, 4}
    assert hopeless(policy, "MAXIMIZE", {0: [0.0], 1: [1.0]}, {0, 1}) == {}


def test_what_is_no_number_is_the_worst():
    assert set(hopeless(BanditPolicy(slack_amount=1), "MINIMIZE", {0: [math.nan], 1: [3.0]}, {0, 1})) == {0}


@given(series=SERIES, policy=POLICIES, goal=st.sampled_from(["MAXIMIZE", "MINIMIZE"]))
def test_only_running_trials_are_ended_and_never_the_best_one(series, policy, goal):
    running = {number for number in series if number % 2 == 0}
    ended = hopeless(policy, goal, series, running)
    assert set(ended) <= running
    lengths = {len(values) for values in series.values()}
    if lengths == {3}:
        best = (max if goal == "MAXIMIZE" else min)(series, key=lambda number: series[number][-1])
        if isinstance(policy, TruncationSelectionPolicy):
            assert best not in ended


@given(series=SERIES)
def test_without_a_policy_nothing_ends(series):
    assert hopeless(NoTermination(), "MAXIMIZE", series, set(series)) == {}
