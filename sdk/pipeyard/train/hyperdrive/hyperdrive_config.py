"""v1's HyperDriveConfig: a script, a search space, and what to look for."""

from enum import Enum
from typing import Any

from pydantic import ValidationError

from pipeyard._checks import not_offered, warn
from pipeyard._core.sweep import DEFAULT_DURATION_MINUTES, MAX_CONCURRENT_RUNS, HyperdriveSettings, sweep_faults
from pipeyard.core.script_run_config import ScriptRunConfig
from pipeyard.exceptions import Fault, UserErrorException
from pipeyard.pipeline.core.graph import PipelineParameter
from pipeyard.train.estimator import Estimator
from pipeyard.train.hyperdrive.policy import EarlyTerminationPolicy, NoTerminationPolicy
from pipeyard.train.hyperdrive.sampling import BayesianParameterSampling, HyperParameterSampling

RUNS_PER_BAYESIAN_PARAMETER = 20


class PrimaryMetricGoal(Enum):
    """Whether more or less is better."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


class HyperDriveConfig:
    """A search for the best hyperparameters.

    Attributes:
        hyperparameter_sampling: The space, and how trials are chosen from it.
        primary_metric_name: What the script logs and the search compares.
        primary_metric_goal: Whether more or less of it is better.
        max_total_runs: Most trials.
        max_concurrent_runs: Most trials at once; None for all of them.
        max_duration_minutes: After this time no trial starts, and running ones are canceled.
        policy: Which running trials are given up.
        run_config: The script.
    """

    def __init__(
        self,
        hyperparameter_sampling: HyperParameterSampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: int = DEFAULT_DURATION_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: Any = None,
        run_config: ScriptRunConfig | None = None,
        resume_from: Any = None,
        resume_child_runs: Any = None,
        pipeline: Any = None,
        debug_flag: Any = None,
        custom_run_id: str | None = None,
    ) -> None:
        del debug_flag
        _refuse(pipeline, resume_from, resume_child_runs, custom_run_id)
        if run_config is None and isinstance(estimator, Estimator):
            run_config = estimator.to_script_run_config()
        if not isinstance(run_config, ScriptRunConfig) or not run_config.script:
            raise UserErrorException(
                f"A HyperDriveConfig needs a ScriptRunConfig with a script, not {run_config or estimator!r}."
            )
        if not isinstance(hyperparameter_sampling, HyperParameterSampling):
            raise UserErrorException(f"{hyperparameter_sampling!r} is no sampling, such as RandomParameterSampling.")
        self.hyperparameter_sampling = hyperparameter_sampling
        self.primary_metric_name = primary_metric_name
        self.primary_metric_goal = primary_metric_goal
        self.max_total_runs = max_total_runs
        self.max_concurrent_runs = max_concurrent_runs
        self.max_duration_minutes = max_duration_minutes
        self.policy = policy or NoTerminationPolicy()
        self.run_config = run_config
        self._check()

    def settings(self) -> dict[str, Any]:
        """What the step's type asks for."""
        goal = self.primary_metric_goal
        found = {
            "script_name": self.run_config.script,
            "sampling": self.hyperparameter_sampling.to_document(),
            "policy": self.policy.to_document(),
            "primary_metric_name": self.primary_metric_name,
            "primary_metric_goal": goal.value if isinstance(goal, PrimaryMetricGoal) else goal,
            "max_total_runs": self.max_total_runs,
            "max_concurrent_runs": self.max_concurrent_runs,
            "max_duration_minutes": self.max_duration_minutes,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _check(self) -> None:
        settings = {key: _present(value) for key, value in self.settings().items()}
        faults = [Fault(fault.pointer, fault.message) for fault in sweep_faults(settings)]
        try:
            HyperdriveSettings.model_validate(settings)
        except ValidationError as error:
            faults += [
                Fault("/" + "/".join(map(str, details["loc"])), f"{details['msg']}.")
                for details in error.errors(include_url=False)
            ]
        if self.max_concurrent_runs is None and not faults and _present(self.max_total_runs) > MAX_CONCURRENT_RUNS:
            text = f"Without it all {self.max_total_runs} trials would run at once; at most {MAX_CONCURRENT_RUNS} can."
            faults.append(Fault("/max_concurrent_runs", text))
        if faults:
            raise UserErrorException("The HyperDriveConfig is wrong:", faults=faults)
        wanted = RUNS_PER_BAYESIAN_PARAMETER * len(self.hyperparameter_sampling.space)
        if (
            isinstance(self.hyperparameter_sampling, BayesianParameterSampling)
            and _present(self.max_total_runs) < wanted
        ):
            warn(
                f"Bayesian sampling learns little from {self.max_total_runs} trials; {wanted} or more are recommended."
            )

    def __repr__(self) -> str:
        return f"HyperDriveConfig(primary_metric_name={self.primary_metric_name!r}, {self.hyperparameter_sampling!r})"


def _present(value: Any) -> Any:
    return value.default_value if isinstance(value, PipelineParameter) else value


def _refuse(pipeline: Any, resume_from: Any, resume_child_runs: Any, custom_run_id: Any) -> None:
    if pipeline is not None:
        raise not_offered("searches over whole pipelines", "Search over one script: run_config=ScriptRunConfig(...).")
    if resume_from is not None or resume_child_runs is not None:
        text = "Submit the same search again: trials with parameters that ran before are reused."
        raise not_offered("resume_from and resume_child_runs", text)
    if custom_run_id is not None:
        raise not_offered("custom_run_id", "The workspace names runs itself; use tags for names of your own.")
