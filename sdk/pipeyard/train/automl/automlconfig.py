"""v1's `azureml.train.automl.automlconfig`."""

from typing import Any


class AutoMLConfig:
    """Settings of an automated training, kept as they were given.

    Attributes:
        user_settings: Everything by name.
    """

    def __init__(self, task: str, path: str | None = None, **settings: Any) -> None:
        self.user_settings: dict[str, Any] = {"task": task, **({"path": path} if path else {}), **settings}

    def as_serializable_dict(self) -> dict[str, Any]:
        """The settings as plain JSON."""
        return {key: plain_setting(value) for key, value in self.user_settings.items()}


def plain_setting(value: Any) -> Any:
    """A setting as JSON knows it; objects become their names, or their own settings."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): plain_setting(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain_setting(item) for item in value]
    return getattr(value, "name", None) or str(value)
