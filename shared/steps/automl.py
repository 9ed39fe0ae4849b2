"""The step type that searches for a model by itself (v1's AutoMLStep), which nothing here runs yet."""

from dataclasses import dataclass
from typing import Any, ClassVar

from shared.core.document import Document
from shared.steps.base import OutsideStep


class AutoMLSettings(Document):
    """Settings of an `automl` step.

    Attributes:
        automl_config: What v1's `AutoMLConfig` holds, kept as it comes.
    """

    automl_config: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMLStep(OutsideStep):
    """Needs an automated machine learning back-end."""

    settings_model: ClassVar[type[Document]] = AutoMLSettings

    name: str = "automl"
    missing_backend: str | None = "automated machine learning"
