import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.graph import build_graph, find_cycle

from .builders import dags, definition_of


@given(dags())
def test_order_respects_dependencies_and_is_the_smallest_such_order(dag):
    dependencies, _ = dag
    graph = build_graph(definition_of(dependencies))
    assert graph.dependencies == tuple(tuple(sorted(needs)) for needs in dependencies)
    done: set[int] = set()
    for ordinal in graph.order:
        ready = [other for other in range(len(dependencies)) if other not in done and done >= set(dependencies[other])]
        assert ordinal == min(ready)
        done.add(ordinal)
    assert len(done) == len(dependencies)
    assert find_cycle(dependencies) is None


@given(dags(), st.data())
def test_an_edge_back_is_found_and_no_other(dag, data):
    dependencies, order = dag
    later = data.draw(st.integers(0, len(order) - 1))
    earlier = data.draw(st.integers(0, later))
    before: set[int] = {order[later]}
    for ordinal in reversed(order):
        if ordinal in before:
            before.update(dependencies[ordinal])
    closes = order[earlier] in before
    dependencies[order[earlier]] = [*dependencies[order[earlier]], order[later]]
    cycle = find_cycle(dependencies)
    assert (cycle is not None) == closes
    if cycle is not None:
        assert cycle[0] == min(cycle)
        assert len(set(cycle)) == len(cycle)
        for ordinal, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert ordinal in dependencies[following]


def test_data_and_order_to_the_same_step_are_one_dependency():
    definition = definition_of([[], [0]])
    both = definition.steps[1].model_copy(update={"inputs": definition_of([[], [], [1]]).steps[2].inputs})
    steps = (
        definition.steps[0].model_copy(update={"name": "s1"}),
        both.model_copy(update={"run_after": ("s1",), "name": "x"}),
    )
    assert build_graph(definition.model_copy(update={"steps": steps})).dependencies == ((), (0,))


def test_circles_are_refused():
    with pytest.raises(ValueError, match="circle"):
        build_graph(definition_of([[1], [0]]))
    assert find_cycle([[0]]) == (0,)
    assert find_cycle([[2], [0], [1]]) == (0, 1, 2)


def test_five_thousand_steps_are_no_trouble():
    definition = definition_of([list(range(max(0, ordinal - 3), ordinal)) for ordinal in range(5000)])
    assert build_graph(definition).order == tuple(range(5000))
