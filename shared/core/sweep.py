"""Settings of a `hyperdrive` step, as its step type checks them and its driver reads them."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from .document import Document
from .errors import Fault
from .pointers import below
from .shapes import Place, shape_faults
from .sweep_policies import (
    BanditPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTermination,
    Policy,
    TruncationSelectionPolicy,
)
from .sweep_space import Value, space_faults
from .wording import Suggester, quoted

MAX_TOTAL_RUNS = 1000
MAX_CONCURRENT_RUNS = 100
DEFAULT_DURATION_MINUTES = 10_080
TRIAL_LABEL = "trial"
"""Label of a trial's run that holds its number."""
PARAMETER_LABEL = "hyperparameter:"
"""Beginning of the labels that hold a trial's hyperparameters as JSON, one each."""
POLICIES: dict[str, type[NoTermination | BanditPolicy | MedianStoppingPolicy | TruncationSelectionPolicy]] = {
    "none": NoTermination,
    "bandit": BanditPolicy,
    "median_stopping": MedianStoppingPolicy,
    "truncation_selection": TruncationSelectionPolicy,
}
SLACKS = ("slack_factor", "slack_amount")
Whole = Annotated[int, Field(strict=True)]


class Sampling(Document):
    """How hyperparameters are chosen.

    Attributes:
        space: Expressions by hyperparameter, named as the script's flags.
        properties: `seed` makes random and Bayesian sampling repeatable.
    """

    kind: Literal["random", "grid", "bayesian"]
    space: dict[str, Any]
    properties: dict[str, Any] = {}


class ModelOutput(Document):
    """An output that gets a file of the best trial.

    Attributes:
        model_file: The file, or the folder, as the trial wrote it, such as `outputs/model.pkl`.
    """

    model_file: str = Field(strict=True, min_length=1, max_length=1024)


class HyperdriveSettings(Document):
    """A sweep.

    Attributes:
        script_name: The training script, relative to the source directory.
        sampling: A `Sampling`.
        policy: A `Policy`.
        primary_metric_name: What the script logs and the sweep compares.
        max_total_runs: Most trials.
        max_concurrent_runs: Most trials at once; None means all of them.
        max_duration_minutes: After this time no trial starts, and running ones are canceled.
        metrics_output: Output that gets all trials' metrics as JSON.
        model_outputs: Outputs that get files of the best trial. Every other output is the best trial's own.
    """

    script_name: str = Field(strict=True)
    sampling: dict[str, Any]
    policy: dict[str, Any] = {"kind": "none"}
    primary_metric_name: str = Field(strict=True, min_length=1, max_length=255)
    primary_metric_goal: Goal
    max_total_runs: Whole = Field(ge=1, le=MAX_TOTAL_RUNS)
    max_concurrent_runs: Whole | None = Field(default=None, ge=1, le=MAX_CONCURRENT_RUNS)
    max_duration_minutes: Whole = Field(default=DEFAULT_DURATION_MINUTES, ge=1, le=43_200)
    metrics_output: str | None = None
    model_outputs: dict[str, ModelOutput] = {}


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """The policy in a document that `sweep_faults` found nothing wrong with."""
    kind, fields = document.get("kind", "none"), dict(document)
    return POLICIES[kind].model_validate({**fields, "kind": kind})


def sweep_faults(settings: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a sampling, with a policy, and with the two together; pointers into the settings."""
    sampling, policy = settings.get("sampling"), settings.get("policy", {"kind": "none"})
    kind = sampling.get("kind") if isinstance(sampling, dict) else None
    if isinstance(sampling, dict):
        yield from _part_faults("/sampling", Sampling, sampling)
        if isinstance(sampling.get("space"), dict):
            yield from below("/sampling/space", space_faults(sampling["space"], str(kind)))
        properties = sampling.get("properties")
        seed = properties.get("seed") if isinstance(properties, dict) else None
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
            yield Fault(pointer="/sampling/properties/seed", message="The seed must be a whole number.")
    if isinstance(policy, dict):
        yield from _policy_faults(policy, kind)


def _policy_faults(policy: Mapping[str, Any], sampling_kind: object) -> Iterator[Fault]:
    kind = policy.get("kind", "none")
    if not isinstance(kind, str) or kind not in POLICIES:
        suggestion = Suggester().suggest(str(kind), POLICIES)
        yield Fault(pointer="/policy/kind", message=f"There is no policy {quoted(str(kind))}.", suggestion=suggestion)
        return
    yield from _part_faults("/policy", POLICIES[kind], policy)
    if sampling_kind == "bayesian" and kind != "none":
        message = "Bayesian sampling learns from complete trials: it takes no early termination policy."
        yield Fault(pointer="/policy", message=message, suggestion='Leave it out, or say `{"kind": "none"}`.')
    if kind == "bandit" and len([key for key in SLACKS if policy.get(key) is not None]) != 1:
        message = "A bandit policy needs exactly one of `slack_factor` and `slack_amount`."
        yield Fault(pointer="/policy", message=message)


def _part_faults(pointer: str, model: type[Document], value: Mapping[str, Any]) -> list[Fault]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        return below(pointer, shape_faults(error, lambda loc: Place(loc, model), Suggester()))
    return []


def trial_labels(number: int, values: Mapping[str, Value]) -> dict[str, str]:
    """Labels from which a trial can be told again."""
    return {
        TRIAL_LABEL: str(number),
        **{f"{PARAMETER_LABEL}{name}": json.dumps(value) for name, value in values.items()},
    }


def read_trial_labels(labels: Mapping[str, str]) -> tuple[int, dict[str, Value]] | None:
    """Number and hyperparameters of a trial, None for labels of something else."""
    number = labels.get(TRIAL_LABEL, "")
    if not number.isdecimal():
        return None
    begin = len(PARAMETER_LABEL)
    named = {name[begin:]: text for name, text in labels.items() if name.startswith(PARAMETER_LABEL)}
    return int(number), {name: json.loads(text) for name, text in named.items()}
