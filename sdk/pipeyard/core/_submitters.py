"""What `Experiment.submit` does with each kind of thing."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pipeyard._checks import refuse_unknown, warn
from pipeyard.core.script_run import ScriptRun
from pipeyard.core.script_run_config import ScriptRunConfig
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core.pipeline import Pipeline
from pipeyard.pipeline.core.pipeline_endpoint import PipelineEndpoint
from pipeyard.pipeline.core.published_pipeline import PublishedPipeline

if TYPE_CHECKING:
    from pipeyard.core.experiment import Experiment

type Tags = Mapping[str, str] | None
type Options = dict[str, Any]

PIPELINE_KEYWORDS = frozenset(
    {
        "pipeline_parameters",
        "continue_on_step_failure",
        "regenerate_outputs",
        "parent_run_id",
        "credential_passthrough",
        "enable_email_notification",
    }
)
PUBLISHED_KEYWORDS = PIPELINE_KEYWORDS - {"credential_passthrough", "enable_email_notification"}
ENDPOINT_KEYWORDS = frozenset({"pipeline_parameters", "parent_run_id", "pipeline_version"})
SCRIPT_KEYWORDS = frozenset({"regenerate_outputs", "parent_run_id"})


def submit(experiment: "Experiment", config: Any, tags: Tags, options: Options) -> Any:
    """Start a run of whatever it is.

    Raises:
        UserErrorException: Nothing can be submitted of it, or a keyword is not known.
    """
    if "pipeline_params" in options:
        warn("pipeline_params is called pipeline_parameters now.")
        options["pipeline_parameters"] = options.pop("pipeline_params")
    for kind, submitter in _SUBMITTERS:
        if isinstance(config, kind):
            return submitter(experiment, config, tags, options)
    if hasattr(config, "to_script_run_config"):  # an Estimator, whose package need not be loaded for the others
        return _script(experiment, config.to_script_run_config(), tags, options)
    if hasattr(config, "hyperparameter_sampling") or type(config).__name__ == "HyperDriveConfig":
        from pipeyard.train.hyperdrive import submit_search  # noqa: PLC0415  (searches are rarely submitted)

        return submit_search(experiment, config, tags=tags, **options)
    raise UserErrorException(
        f"Experiment.submit takes a Pipeline, PublishedPipeline, PipelineEndpoint, ScriptRunConfig, Estimator or "
        f"HyperDriveConfig, not a {type(config).__name__}. For steps, make one: Pipeline(workspace, steps=[...])."
    )


def _pipeline(experiment: "Experiment", config: Pipeline, tags: Tags, options: Options) -> Any:
    refuse_unknown("Experiment.submit(Pipeline)", options, PIPELINE_KEYWORDS)
    if options.pop("enable_email_notification", None):
        warn("enable_email_notification has no effect. Register a webhook to be told about the ends of runs.")
    return config.submit(experiment.name, tags=tags, **options)


def _published(experiment: "Experiment", config: PublishedPipeline, tags: Tags, options: Options) -> Any:
    refuse_unknown("Experiment.submit(PublishedPipeline)", options, PUBLISHED_KEYWORDS)
    return config.submit(experiment.workspace, experiment.name, tags=tags, **options)


def _endpoint(experiment: "Experiment", config: PipelineEndpoint, tags: Tags, options: Options) -> Any:
    refuse_unknown("Experiment.submit(PipelineEndpoint)", options, ENDPOINT_KEYWORDS)
    return config.submit(experiment.name, tags=tags, **options)


def _script(experiment: "Experiment", config: ScriptRunConfig, tags: Tags, options: Options) -> ScriptRun:
    """A pipeline of one step, which always runs: an author who starts a script wants it to run."""
    refuse_unknown("Experiment.submit(ScriptRunConfig)", options, SCRIPT_KEYWORDS)
    from pipeyard.pipeline.steps import CommandStep, PythonScriptStep  # noqa: PLC0415  (steps load this package)

    step: PythonScriptStep | CommandStep
    if config.command:
        step = CommandStep(runconfig=config, allow_reuse=False)
    elif config.script:
        step = PythonScriptStep(
            config.script,
            arguments=config.arguments,
            runconfig=config.run_config,
            source_directory=config.source_directory,
            allow_reuse=False,
        )
    else:
        raise UserErrorException("The ScriptRunConfig has neither a script nor a command.")
    if config.max_run_duration_seconds is not None:
        step.timeout = float(config.max_run_duration_seconds)
    run = Pipeline(experiment.workspace, [step]).submit(experiment.name, tags=tags, **options)
    (only,) = run.get_steps()
    return ScriptRun(experiment, only.id, run.id, only.name)


_SUBMITTERS: tuple[tuple[type[Any], Callable[["Experiment", Any, Tags, Options], Any]], ...] = (
    (Pipeline, _pipeline),
    (PublishedPipeline, _published),
    (PipelineEndpoint, _endpoint),
    (ScriptRunConfig, _script),
)
