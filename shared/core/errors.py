"""The error tree. Every error says what it is about, in which state it is, and what to do next.

PipeyardError
├── InvalidDocument     a document that a user sent is wrong; carries every fault at once
├── NotFound            the named thing does not exist
├── Conflict            the thing exists, but its state forbids the request
├── TooLarge            a limit that is written down was exceeded
├── NotAuthenticated    nobody, or nobody known, is calling
├── Forbidden           the caller's roles do not allow the request
├── TooManyRequests     one caller, or all together, ask for more than is served at a time
├── SignInUnavailable   the sign-in service does not answer; trying again may help
├── IntegrityError      stored bytes do not match their digest
├── BackendError        a compute backend refused or failed
└── StorageUnavailable  storage did not answer; trying again may help
"""

from pydantic import BaseModel, ConfigDict


class Fault(BaseModel):
    """One thing wrong in a document.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the wrong place, "" for the whole document.
        message: What is wrong, as a sentence.
        suggestion: What to write instead, None where nothing useful can be said.
    """

    model_config = ConfigDict(frozen=True)

    pointer: str
    message: str
    suggestion: str | None = None


class PipeyardError(Exception):
    """Root of the tree: `code` is stable and machine-readable, `retryable` says whether waiting can help."""

    code = "pipeyard_error"
    retryable = False


class InvalidDocument(PipeyardError):
    """A document breaks the rules; `faults` lists everything that is wrong with it."""

    code = "invalid_document"

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [
            f"{fault.pointer or '/'}: {fault.message}" + (f" {fault.suggestion}" if fault.suggestion else "")
            for fault in faults
        ]
        super().__init__("\n".join(lines))


class NotFound(PipeyardError):
    """No such thing."""

    code = "not_found"


class Conflict(PipeyardError):
    """The state of the thing forbids the request, or somebody else changed it first."""

    code = "conflict"


class TooLarge(PipeyardError):
    """Over a limit."""

    code = "too_large"


class NotAuthenticated(PipeyardError):
    """Nobody, or nobody known, is calling."""

    code = "not_authenticated"


class Forbidden(PipeyardError):
    """The caller's roles do not allow the request."""

    code = "forbidden"


class TooManyRequests(PipeyardError):
    """More than is served at a time; `wait_seconds` says when to ask again."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, message: str, *, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(message)


class SignInUnavailable(PipeyardError):
    """The sign-in service does not answer."""

    code = "sign_in_unavailable"
    retryable = True


class IntegrityError(PipeyardError):
    """Bytes and digest disagree."""

    code = "integrity"


class BackendError(PipeyardError):
    """A compute backend refused or failed; `retryable` is set per instance."""

    code = "backend"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        self.retryable = retryable
        super().__init__(message)


class StorageUnavailable(PipeyardError):
    """Storage did not answer in time or refused for now."""

    code = "storage_unavailable"
    retryable = True
