"""The schedule against a naive model of the rules, on random graphs, with its state saved and restored all the time."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.run_schedule import Schedule, decode_graph, encode_graph
from shared.core.status import RunStatus, StepStatus

SETTLED = {StepStatus.FINISHED, StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.CANCELED}


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 12))
    dependencies = [sorted(draw(st.sets(st.integers(0, step - 1), max_size=3))) if step else [] for step in range(size)]
    always = draw(st.sets(st.integers(0, size - 1), max_size=3))
    return dependencies, always


def restored(schedule, encoded):
    return Schedule.from_state(decode_graph(encoded), json.loads(json.dumps(schedule.to_state())))


@settings(max_examples=300, deadline=None)
@given(graph=graphs(), limit=st.integers(1, 4), go_on=st.booleans(), data=st.data())
def test_a_run_obeys_the_rules_and_ends(graph, limit, go_on, data):
    dependencies, always = graph
    encoded = encode_graph(dependencies, always_run=always, limit=limit, continue_on_step_failure=go_on)
    schedule = Schedule.begin(decode_graph(encoded), {})
    status = dict.fromkeys(range(len(dependencies)), StepStatus.NOT_STARTED)
    failed = False
    while not schedule.done:
        schedule = restored(schedule, encoded)
        for step in schedule.start():
            enough = SETTLED if step in always else {StepStatus.FINISHED}
            assert all(status[above] in enough for above in dependencies[step])
            assert not failed or go_on or step in always
            status[step] = StepStatus.RUNNING
        running = [step for step, state in status.items() if state is StepStatus.RUNNING]
        assert running, "nothing runs and the run is not done"
        assert len(running) <= limit
        assert sorted(running) == sorted(schedule.in_flight)
        step = data.draw(st.sampled_from(running))
        status[step] = data.draw(st.sampled_from([StepStatus.FINISHED, StepStatus.FINISHED, StepStatus.FAILED]))
        failed = failed or status[step] is StepStatus.FAILED
        for skip in schedule.settle(step, status[step]):
            assert status[skip.ordinal] is StepStatus.NOT_STARTED
            assert skip.ordinal not in always
            status[skip.ordinal] = StepStatus.SKIPPED
        assert schedule.settle(step, StepStatus.FAILED) == [], "a repeated note changes nothing"
    assert set(status.values()) <= SETTLED
    for step in always:
        assert status[step] is not StepStatus.SKIPPED
    assert schedule.final_status() is (RunStatus.FAILED if failed else RunStatus.FINISHED)


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), data=st.data())
def test_a_run_that_begins_again_starts_exactly_what_is_left(graph, data):
    dependencies, always = graph
    ended = {}
    for step, above in enumerate(dependencies):
        if all(each in ended for each in above) and data.draw(st.booleans()):
            ended[step] = StepStatus.FINISHED
    encoded = encode_graph(dependencies, always_run=always, limit=100, continue_on_step_failure=False)
    schedule = Schedule.begin(decode_graph(encoded), ended)
    assert schedule.sweep() == []
    started = set()
    while not schedule.done:
        batch = schedule.start()
        assert batch
        for step in batch:
            started.add(step)
        for step in batch:
            schedule.settle(step, StepStatus.FINISHED)
    assert started == set(range(len(dependencies))) - set(ended)


def test_cancel_starts_nothing_more_and_waits_for_what_is_in_flight():
    encoded = encode_graph([[], [0], [1]], always_run=[2], limit=8, continue_on_step_failure=False)
    schedule = Schedule.begin(decode_graph(encoded), {})
    assert schedule.start() == [0]
    assert schedule.cancel() == [1, 2]
    assert not schedule.done
    assert schedule.settle(0, StepStatus.CANCELED) == []
    assert schedule.start() == []
    assert schedule.done
    assert schedule.final_status() is RunStatus.CANCELED


def test_a_failure_before_a_crash_still_skips_what_depends_on_it():
    encoded = encode_graph([[], [0], []], always_run=[], limit=8, continue_on_step_failure=True)
    schedule = Schedule.begin(decode_graph(encoded), {0: StepStatus.FAILED})
    assert [skip.ordinal for skip in schedule.sweep()] == [1]
    assert schedule.start() == [2]
    schedule.settle(2, StepStatus.FINISHED)
    assert schedule.final_status() is RunStatus.FAILED


def test_five_thousand_steps_schedule_in_a_moment():
    """Replays pay for every operation again, so nothing may depend on the number of steps but start-up."""
    size = 5000
    graph = decode_graph(encode_graph([[], *([[0]] * size)], always_run=[], limit=8, continue_on_step_failure=False))
    schedule = Schedule.begin(graph, {})
    while not schedule.done:
        for step in schedule.start():
            schedule.settle(step, StepStatus.FINISHED)
    assert schedule.final_status() is RunStatus.FINISHED
