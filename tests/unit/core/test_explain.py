import pytest

from shared.core import explain
from shared.core.records import Difference

FILE = Difference(kind="file", name="utils.py", before="a1", after="b2")
PARAMETER = Difference(kind="parameter", name="alpha", before="0.1", after="0.2")


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (("file", "a.py", None, "b2"), "`a.py` added"),
        (("file", "a.py", "a1", None), "`a.py` removed"),
        (("snapshot", "snapshot", "a1", "b2"), "the snapshot changed"),
        (("parameter", "p", '"a"', "1"), 'parameter `p` "a" → 1'),
        (("argument", "2", "1", "2"), "argument 2: 1 → 2"),
        (("argument", "2", None, '"x"'), 'argument 2 added ("x")'),
        (("input", "i", "content a1", "content b2"), "content of input `i` changed"),
        (("input", "i", "parameter `p`", "content b2"), "input `i`: parameter `p` → content b2"),
        (("input", "i", None, "content b2"), "input `i` added"),
        (("output", "o", "the default", "lake"), "output `o`: the default → lake"),
        (("output", "o", "lake", None), "output `o` removed"),
        (("environment", "image", '"a"', '"b"'), 'environment `image` "a" → "b"'),
        (("environment", "pip_packages", None, '["a"]'), 'environment `pip_packages` added (["a"])'),
        (("environment_variable", "V", "set", "changed"), "environment variable `V` changed"),
        (("environment_variable", "V", "set", None), "environment variable `V` removed"),
        (("settings", "s", "1", "2"), "setting `s` 1 → 2"),
        (("settings", "s", None, None), "setting `s` changed"),
        (("settings", "s", "…aaa…", "…aaa…"), "setting `s` changed"),
        (("version", "version", '"1"', '"2"'), 'version "1" → "2"'),
        (("step_type", "step_type", '"a"', '"b"'), 'step type "a" → "b"'),
        (("step_type_version", "step_type_version", "1", "2"), "version of the step type 1 → 2"),
        (("compute", "compute_kind", '"a"', '"b"'), 'kind of compute "a" → "b"'),
        (("key_version", "key_version", "1", "2"), "Pipeyard's rules for reuse changed"),
    ],
)
def test_each_difference_in_words(difference, words):
    kind, name, before, after = difference
    assert explain.sentence([Difference(kind=kind, name=name, before=before, after=after)]) == words


def test_several_differences_make_one_sentence():
    assert explain.sentence([]) == "nothing changed"
    assert explain.sentence([FILE, PARAMETER]) == "`utils.py` changed and parameter `alpha` 0.1 → 0.2"
    files = [Difference(kind="file", name=f"{name}.py", before="a1", after="b2") for name in "abcdefg"]
    assert explain.sentence(files) == "`a.py` changed, `b.py` changed, `c.py` changed, `d.py` changed and 3 more"


def test_changed():
    explanation = explain.explain_changed([FILE, PARAMETER], "run-00001")
    assert explanation.code == "changed"
    assert explanation.sentence == (
        "Runs because `utils.py` changed and parameter `alpha` 0.1 → 0.2; compared with run run"
    )
    assert explanation.differences == (FILE, PARAMETER)
    assert explanation.compared_with == "run-00001"


@pytest.mark.parametrize(
    ("explanation", "code", "compared_with", "words"),
    [
        (explain.explain_first_run("train", "digits"), "first_run", None,
         "Runs because experiment `digits` has no finished result of step `train` yet"),
        (explain.explain_reused("r-1", "2026-01-01T10:00:00Z", 6000), "reused", "r-1",
         "Reused because nothing changed since run r, finished 2026-01-01 10:00 UTC; saves 1 h 40 min"),
        (explain.explain_reused("r-1", "2026-01-01T10:00:00Z", None), "reused", "r-1",
         "Reused because nothing changed since run r, finished 2026-01-01 10:00 UTC"),
        (explain.explain_reuse_off(), "reuse_off", None,
         "Runs because the step does not allow reuse (`allow_reuse` is false)"),
        (explain.explain_regenerate(), "regenerate", None,
         "Runs because the run asks for new outputs (`regenerate_outputs`)"),
        (explain.explain_outputs_missing("r-1", "`model/a.pkl` is gone"), "outputs_missing", "r-1",
         "Runs because the outputs of run r cannot be reused: `model/a.pkl` is gone"),
        (explain.explain_unchanged_but_absent("r-1"), "not_found", "r-1",
         "Runs although nothing changed since run r, because that result is no longer stored"),
        (explain.explain_waiting("r-2"), "waiting", None,
         "Waits for run r, which is producing the same result right now"),
        (explain.explain_blocked(["prepare"]), "blocked", None,
         "Cannot be decided yet: input comes from `prepare`, which will run"),
        (explain.explain_blocked(["a", "b"]), "blocked", None,
         "Cannot be decided yet: inputs come from `a` and `b`, which will run"),
        (explain.explain_skipped("`prepare` failed"), "skipped", None, "Skipped because `prepare` failed"),
    ],
)  # fmt: skip
def test_other_explanations(explanation, code, compared_with, words):
    assert (explanation.code, explanation.compared_with, explanation.sentence) == (code, compared_with, words)
    assert explanation.differences == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "less than a second"), (1, "1 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (90_000, "25 h 0 min")],
)
def test_saved_time(seconds, words):
    assert explain.explain_reused("r", "t", seconds).sentence.endswith(f"; saves {words}")
