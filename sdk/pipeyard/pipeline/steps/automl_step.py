"""v1's AutoMLStep: an automated training as a step."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pipeyard._checks import refuse_unknown
from pipeyard.pipeline.core.builder import PipelineStep, ignore_hash_paths, listed
from pipeyard.pipeline.core.graph import TrainingOutput
from pipeyard.pipeline.core.pipeline_data import PipelineData
from pipeyard.pipeline.steps._options import StepOptions
from pipeyard.train.automl.automlconfig import AutoMLConfig

# ruff: noqa: FBT001, FBT002  (v1's signatures)

METRICS_OUTPUT = "_default_metrics_"
MODEL_OUTPUT = "_default_model_"


class AutoMLStep(PipelineStep):
    """Trains as an AutoMLConfig says. Pipeyard has no engine for it: a run with the step is refused.

    Raises:
        ValueError: The configuration is missing or is none, or a port is wrong.
    """

    step_type: ClassVar[str] = "automl"

    def __init__(
        self,
        name: str,
        automl_config: AutoMLConfig,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        script_repl_params: Mapping[str, Any] | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        hash_paths: Sequence[str] | None = None,
        enable_default_model_output: bool = True,
        enable_default_metrics_output: bool = True,
        **kwargs: Any,
    ) -> None:
        del script_repl_params
        options: StepOptions = {key: kwargs.pop(key) for key in StepOptions.__annotations__ if key in kwargs}  # type: ignore[assignment]
        refuse_unknown("AutoMLStep", kwargs, StepOptions.__annotations__)
        if not isinstance(automl_config, AutoMLConfig):
            raise ValueError(f"Step {name!r} needs an AutoMLConfig, not {automl_config!r}.")  # noqa: TRY004  (v1's type)
        ignore_hash_paths(name, hash_paths)
        port = "".join(letter if letter.isalnum() else "_" for letter in name)
        extra = []
        if enable_default_metrics_output:
            extra.append((METRICS_OUTPUT, TrainingOutput("Metrics")))
        if enable_default_model_output:
            extra.append((MODEL_OUTPUT, TrainingOutput("Model")))
        made = [
            PipelineData(prefix + port, pipeline_output_name=prefix + port, training_output=training)
            for prefix, training in extra
        ]
        self._config = automl_config
        super().__init__(
            name,
            [*listed(inputs), *_data_of(automl_config)],
            [*listed(outputs), *made],
            compute_target=automl_config.user_settings.get("compute_target"),
            source_directory=automl_config.user_settings.get("path"),
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """The configuration."""
        return {"automl_config": self._config.as_serializable_dict()}


def _data_of(config: AutoMLConfig) -> list[Any]:
    """Data that only the configuration names."""
    named = [config.user_settings.get(key) for key in ("training_data", "validation_data", "test_data")]
    return [item for item in named if item is not None and (hasattr(item, "input_name") or hasattr(item, "mode"))]
