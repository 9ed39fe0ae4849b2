"""Runs with many steps: every step once, after all that it depends on, across the engine's generations."""

import random

from tests.e2e.workspace import Api, Flow

GENERATION = 24
"""Ended steps after which the orchestration of a run begins anew; the runs here cross that border several times."""


def test_a_random_graph_of_200_steps(flow: Flow) -> None:
    chance = random.Random(20)
    above = {
        f"s{number}": [f"s{each}" for each in chance.sample(range(number), min(number, chance.choice((0, 1, 2, 3))))]
        for number in range(200)
    }
    steps = [flow.step(name, "note(); out(); note('end')", data=data) for name, data in above.items()]
    chance.shuffle(steps)
    ended = flow.run(*steps, limit=110, max_parallel_steps=16).finished()
    assert flow.starts() == dict.fromkeys(above, 1)
    starts = {line["step"]: line["time"] for line in flow.notes("start")}
    ends = {line["step"]: line["time"] for line in flow.notes("end")}
    late = [(name, each) for name, data in above.items() for each in data if ends[each] > starts[name]]
    assert late == []
    assert ended.run["step_counts"] == {"Finished": 200}
    again = flow.run(*steps).finished()
    assert len(again.reused) == 200


def test_a_chain_and_a_fan_out_across_generations(flow: Flow, api: Api) -> None:
    length = 2 * GENERATION + 14
    chain = [
        flow.step(f"c{number}", f"note(); out(str({number}))", data=[f"c{number - 1}"] if number else [])
        for number in range(length)
    ]
    fan = [flow.step(f"f{number}", f"note(); out(str({number}))", data=["root"]) for number in range(length)]
    add = "note(); out(str(sum(int(read(f'f{n}')) for n in range(" + str(length) + "))))"
    join = flow.step("join", add, data=[f"f{number}" for number in range(length)])
    run_ids = [
        flow.submit(*chain),
        flow.submit(flow.step("root"), *fan, join, max_parallel_steps=20),
    ]
    chained, fanned = (api.wait(run_id, limit=90).finished() for run_id in run_ids)
    assert set(flow.starts().values()) == {1}
    assert len(flow.starts()) == 2 * length + 2
    order = [line["step"] for line in flow.notes("start") if line["step"].startswith("c")]
    assert order == [f"c{number}" for number in range(length)]
    assert len(chained.ran) == length
    assert api.read_output(fanned.run_id, "join") == str(sum(range(length))).encode()


def test_canceling_a_large_run_settles_every_step(flow: Flow, api: Api) -> None:
    steps = [flow.step(f"s{number}", "note(); time.sleep(0.05); out()") for number in range(120)]
    run_id = flow.submit(flow.step("busy", "note(); time.sleep(60)"), *steps, max_parallel_steps=6)
    flow.wait_for_note("start", f"s{GENERATION + 6}", limit=40)
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    ended = api.wait(run_id)
    assert ended.status == "Canceled"
    assert set(ended.statuses().values()) == {"Finished", "Canceled"}
    assert ended.statuses()["busy"] == "Canceled"
    assert set(flow.starts().values()) == {1}
    assert sum(ended.run["step_counts"].values()) == 121
