"""Small documents for tests, and strategies that make many of them."""

from typing import Any

from hypothesis import strategies as st

from shared.core.definition import PipelineDefinition, StepDefinition

SHA = "ab" * 32
OTHER_SHA = "cd" * 32


def texts(max_size):
    """Text as documents may hold it: NUL is refused everywhere."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=max_size)


scalars = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts(20)
json_values = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(5), inner, max_size=4),
    max_leaves=15,
)
names = st.text("abcdefgh", min_size=1, max_size=3)


@st.composite
def dags(draw, max_steps=12):
    """Dependencies of steps whose ordinals are shuffled: (dependencies, an order in which they can run)."""
    order = draw(st.permutations(range(draw(st.integers(1, max_steps)))))
    dependencies: list[list[int]] = [[] for _ in order]
    for position, ordinal in enumerate(order):
        earlier = order[:position]
        if earlier:
            dependencies[ordinal] = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=4))
    return dependencies, order


def script(name: str, **fields: Any) -> dict[str, Any]:
    """A `python_script` step as a user writes it."""
    return {"name": name, "snapshot": SHA, "settings": {"script_name": "a.py"}, **fields}


def pipeline(*steps: Any, **fields: Any) -> dict[str, Any]:
    """A definition as a user writes it."""
    return {"name": "pipeline", "steps": list(steps), **fields}


def data(step: str, output: str = "out") -> dict[str, Any]:
    """An input that is another step's output."""
    return {"kind": "pipeline_data", "step": step, "output": output}


def definition_of(dependencies) -> PipelineDefinition:
    """A definition with these dependencies: odd ones by data, even ones by `run_after`."""
    return PipelineDefinition(
        name="pipeline",
        steps=tuple(
            StepDefinition(
                name=f"s{ordinal}",
                outputs={"out": {}},
                inputs={f"i{needed}": data(f"s{needed}") for needed in needs if needed % 2},
                run_after=tuple(f"s{needed}" for needed in needs if needed % 2 == 0),
            )
            for ordinal, needs in enumerate(dependencies)
        ),
    )
