"""Every error that the SDK raises, under v1's names.

PipeyardException  (v1: AzureMLException)
├── UserErrorException           the request, a file or an argument is wrong; lists every fault; also a ValueError
├── AuthenticationException      the workspace wants a sign-in, or another role than the caller has
├── ServiceException             the workspace did not answer, or answered that it cannot serve
├── ActivityFailedException      a run that was waited for failed or was canceled
├── ComputeTargetException       a compute target refused or does not exist
├── RunEnvironmentException      `Run.get_context(allow_offline=False)` outside a submitted step
├── SnapshotException            a source directory cannot become a snapshot
└── ...                          names that v1's scripts catch, at the end of this module
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the wrong place, "" for the whole document.
        message: What is wrong, as a sentence.
        suggestion: What to write instead, None where nothing useful can be said.
    """

    pointer: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.pointer}: " if self.pointer else ""
        return f"{place}{self.message}" + (f" {self.suggestion}" if self.suggestion else "")


class PipeyardException(Exception):
    """Root of the tree.

    Attributes:
        message: The whole text, faults included.
        summary: The text without the faults.
        code: Stable, machine-readable cause, None where there is none.
        status: HTTP status of the answer behind this error, None where there was none.
        faults: Everything that is wrong in a document.
    """

    def __init__(
        self, message: str, *, code: str | None = None, status: int | None = None, faults: Sequence[Fault] = ()
    ) -> None:
        self.summary = message
        self.code = code
        self.status = status
        self.faults = tuple(faults)
        self.message = "\n".join([message, *(f"  {fault}" for fault in self.faults)])
        super().__init__(self.message)


AzureMLException = PipeyardException
"""v1's name for the root."""


class UserErrorException(PipeyardException, ValueError):
    """Something that the caller wrote is wrong.

    It is a ValueError as well: v1 checked much on the spot, with a ValueError, that the workspace checks here together
    with everything else. Scripts that catch v1's ValueError therefore go on working, wherever the check is made.
    """


class AuthenticationException(PipeyardException):
    """The workspace wants a sign-in, or another role than the caller has."""


class ServiceException(PipeyardException):
    """The workspace could not be reached, or could not serve the request; trying again later may help."""


class ActivityFailedException(PipeyardException):
    """A run did not end as `Finished`."""


class ComputeTargetException(PipeyardException):
    """A compute target refused or does not exist."""


class RunEnvironmentException(PipeyardException):
    """There is no submitted run around this process."""


class SnapshotException(PipeyardException):
    """A source directory cannot become a snapshot."""


class ExperimentExecutionException(UserErrorException):
    """v1's error for runs that could not be started."""


class RunConfigurationException(UserErrorException):
    """v1's error for run configurations."""


class ModelNotFoundException(UserErrorException):
    """v1's error for models that do not exist."""


ProjectSystemException = UserErrorException
"""v1's error for workspaces, compute and files that it could not find."""
TrainingException = ServiceException
"""v1's error for services that a training needs."""
WebserviceException = ServiceException
"""v1's error for deployments, which Pipeyard does not have: nothing raises it."""
