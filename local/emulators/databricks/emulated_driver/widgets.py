"""`dbutils.widgets`: the parameters of a notebook."""

from __future__ import annotations


class InputWidgetNotDefined(Exception):
    """A widget is read that is neither a parameter nor was made."""


class Widgets:
    """Widgets by name. A parameter of the task counts as a widget and wins over what the notebook makes."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self._given = dict(parameters)
        self._made: dict[str, str] = {}

    def text(self, name: str, defaultValue: str, label: str = "") -> None:  # noqa: N803 -- Databricks' name
        """Make a widget for text."""
        del label
        self._made[name] = str(defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: list[str], label: str = "") -> None:  # noqa: N803 -- Databricks' name
        """Make a widget with one of some choices."""
        if defaultValue not in choices:
            raise ValueError(f"The default {defaultValue!r} of the widget {name!r} is none of its choices.")
        self.text(name, defaultValue, label)

    def combobox(self, name: str, defaultValue: str, choices: list[str], label: str = "") -> None:  # noqa: N803 -- Databricks' name
        """Make a widget with a choice or other text."""
        del choices
        self.text(name, defaultValue, label)

    def multiselect(self, name: str, defaultValue: str, choices: list[str], label: str = "") -> None:  # noqa: N803 -- Databricks' name
        """Make a widget with several choices."""
        self.dropdown(name, defaultValue, choices, label)

    def get(self, name: str) -> str:
        """Value of a widget.

        Raises:
            InputWidgetNotDefined: There is none of this name.
        """
        values = self.getAll()
        if name not in values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803 -- Databricks' names
        """Value of a widget, or the default."""
        return self.get(name) if defaultValue is None else self.getAll().get(name, defaultValue)

    def getAll(self) -> dict[str, str]:  # noqa: N802 -- Databricks' name
        """All values by name."""
        return {**self._made, **self._given}

    def remove(self, name: str) -> None:
        """Remove a widget."""
        self._made.pop(name, None)
        self._given.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802 -- Databricks' name
        """Remove all widgets."""
        self._made.clear()
        self._given.clear()

    def give(self, parameters: dict[str, str]) -> None:
        """Set values, as `%run` with arguments does."""
        self._given.update(parameters)
