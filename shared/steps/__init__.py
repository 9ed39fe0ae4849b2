"""The catalogue of step types: what a step's `type` may say, and who checks its settings and builds its command line.

A new type is a module here that satisfies `StepType`, and an entry in `STEP_TYPES`.
"""

from shared.steps.base import StepType
from shared.steps.command import CommandStep
from shared.steps.python_script import PythonScriptStep

_TYPES: tuple[StepType, ...] = (PythonScriptStep(), CommandStep())

STEP_TYPES: dict[str, StepType] = {step_type.name: step_type for step_type in _TYPES}
"""Step types by name."""
