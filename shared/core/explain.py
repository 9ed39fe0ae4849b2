"""Why a step ran or not, in sentences. The same words serve a plan, a run under way and a look back."""

from collections.abc import Sequence

from .differences import compare
from .records import Difference, Explanation
from .wording import listed, quoted

__all__ = [
    "compare",
    "explain_away",
    "explain_blocked",
    "explain_changed",
    "explain_first_run",
    "explain_full",
    "explain_outputs_missing",
    "explain_outside_unknown",
    "explain_regenerate",
    "explain_reuse_off",
    "explain_reused",
    "explain_skipped",
    "explain_unchanged_but_absent",
    "explain_waiting",
    "sentence",
]

_MAX_NAMED = 4
_LABELS = {
    "file": "{name}",
    "outside": "content of {plain}",
    "parameter": "parameter {name}",
    "argument": "argument {plain}",
    "input": "input {name}",
    "dataset": "dataset input {name}",
    "dataset_view": "the way of reading dataset input {name}",
    "output": "output {name}",
    "environment": "environment {name}",
    "environment_variable": "environment variable {name}",
    "settings": "setting {name}",
    "version": "version",
    "step_type": "step type",
    "step_type_version": "version of the step type",
    "snapshot": "the snapshot",
    "compute": "kind of compute",
    "key_version": "Pipeyard's rules for reuse",
}
_WITHOUT_VALUES = frozenset({"file", "outside", "environment_variable", "snapshot", "key_version", "dataset_view"})
"""Kinds whose values say nothing to a reader, or must not be read."""


def sentence(differences: Sequence[Difference]) -> str:
    """The differences in words, without a full stop: `utils.py` changed and parameter `alpha` 0.1 → 0.2."""
    return listed([_in_words(difference) for difference in differences], limit=_MAX_NAMED) or "nothing changed"


def explain_changed(differences: Sequence[Difference], compared_with: str) -> Explanation:
    """The step runs because its key differs from the one of an earlier result."""
    return Explanation(
        code="changed",
        sentence=f"Runs because {sentence(differences)}; compared with {_run(compared_with)}",
        differences=tuple(differences),
        compared_with=compared_with,
    )


def explain_first_run(step_name: str, experiment: str) -> Explanation:
    """The step runs because there is nothing to reuse or to compare with."""
    return Explanation(
        code="first_run",
        sentence=f"Runs because experiment {quoted(experiment)} has no finished result of step {quoted(step_name)} yet",
    )


def explain_reused(source_step_run_id: str, finished_at: str, saved_seconds: float | None) -> Explanation:
    """An earlier result with an equal key stands in for the step."""
    saved = "" if saved_seconds is None else f"; saves {_duration(saved_seconds)}"
    return Explanation(
        code="reused",
        sentence=(
            f"Reused because nothing changed since {_run(source_step_run_id)}, finished {_minute(finished_at)}{saved}"
        ),
        compared_with=source_step_run_id,
    )


def explain_reuse_off() -> Explanation:
    """The step runs because its definition forbids reuse."""
    return Explanation(code="reuse_off", sentence="Runs because the step does not allow reuse (`allow_reuse` is false)")


def explain_regenerate() -> Explanation:
    """The step runs because the run was submitted that way."""
    return Explanation(code="regenerate", sentence="Runs because the run asks for new outputs (`regenerate_outputs`)")


def explain_outside_unknown(reason: str) -> Explanation:
    """The step runs because nobody can tell whether what its job reads outside of the workspace has changed."""
    return Explanation(
        code="outside_unknown",
        sentence=f"Runs because it cannot be told whether it changed: {reason.removesuffix('.')}",
    )


def explain_outputs_missing(source: str, detail: str) -> Explanation:
    """The step runs because the outputs of an equal earlier result are gone or altered."""
    return Explanation(
        code="outputs_missing",
        sentence=f"Runs because the outputs of {_run(source)} cannot be reused: {detail}",
        compared_with=source,
    )


def explain_unchanged_but_absent(compared_with: str) -> Explanation:
    """The step runs although its key is that of an earlier result, because the result itself is no longer there."""
    return Explanation(
        code="not_found",
        sentence=f"Runs although nothing changed since {_run(compared_with)}, because that result is no longer stored",
        compared_with=compared_with,
    )


def explain_waiting(owner_step_run_id: str) -> Explanation:
    """Another run is producing the same key."""
    return Explanation(
        code="waiting", sentence=f"Waits for {_run(owner_step_run_id)}, which is producing the same result right now"
    )


def explain_full(target: str, taken: int, limit: int, ahead: int) -> Explanation:
    """The compute target takes no more jobs for now."""
    jobs = "its one job is" if limit == 1 else f"{taken} of {limit} jobs are"
    others = "no step is" if ahead == 0 else "one step is" if ahead == 1 else f"{ahead} steps are"
    sentence_ = f"Waits for a place on compute target {quoted(target)}: {jobs} under way and {others} ahead of this one"
    return Explanation(code="target_full", sentence=sentence_)


def explain_away(sentence_: str) -> Explanation:
    """A compute service, which has to be asked before the step can begin, does not answer for now."""
    return Explanation(code="service_away", sentence=f"Waits for its compute service. {sentence_}")


def explain_blocked(upstream: Sequence[str]) -> Explanation:
    """In a plan: the key cannot be known before the steps named here have run."""
    verb = "input comes" if len(upstream) == 1 else "inputs come"
    producers = listed([quoted(name) for name in upstream], limit=_MAX_NAMED)
    return Explanation(code="blocked", sentence=f"Cannot be decided yet: {verb} from {producers}, which will run")


def explain_skipped(because: str) -> Explanation:
    """The step is not run at all."""
    return Explanation(code="skipped", sentence=f"Skipped because {because}")


def _run(step_run_id: str) -> str:
    """A step run's run as people name it: a sentence has no room for whole ids, the other fields have them."""
    return f"run {step_run_id.rpartition('-')[0][:8]}"


def _minute(moment: str) -> str:
    """An ISO moment in UTC, to the minute."""
    return f"{moment[:16].replace('T', ' ')} UTC"


def _in_words(difference: Difference) -> str:
    before, after = difference.before, difference.after
    label = _LABELS[difference.kind].format(name=quoted(difference.name), plain=difference.name)
    if before is None or after is None:
        return f"{label} {_gained_or_lost(difference)}"
    if before == after or difference.kind in _WITHOUT_VALUES:
        return f"{label} changed"
    if difference.kind in {"input", "dataset"} and before.startswith("content ") and after.startswith("content "):
        return f"content of {label} changed"
    colon = ":" if difference.kind in {"argument", "input", "dataset", "output"} else ""
    return f"{label}{colon} {before} → {after}"


def _gained_or_lost(difference: Difference) -> str:
    if difference.before is None and difference.after is None:
        return "changed"
    verb, value = ("added", difference.after) if difference.before is None else ("removed", difference.before)
    return verb if difference.kind in _WITHOUT_VALUES | {"input", "output"} else f"{verb} ({value})"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
