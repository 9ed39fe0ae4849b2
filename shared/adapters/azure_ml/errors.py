"""Errors of Azure Machine Learning as errors of ours, in the service's own words and without anybody's signature."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from shared.core.errors import BackendError, Conflict, NotFound, PipeyardError

SERVICE = "Azure Machine Learning"
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})

_MAX_WORDS = 2000
_SIGNED = re.compile(r"\?[^\s\"'<>]*\bsig=[^\s\"'<>]*", re.IGNORECASE)


def public(text: str) -> str:
    """The text without the signatures of the addresses in it."""
    return _SIGNED.sub("", text)


def words_of(body: Any) -> tuple[str, str]:
    """Code and message of an error's body, the inner code appended to the outer one; "" for what it does not say."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", ""
    codes = dict.fromkeys(str(code) for code in (error.get("code"), *_inner_codes(error)) if code)
    details = [item for item in error.get("details") or () if isinstance(item, dict)]
    messages = dict.fromkeys(str(item["message"]) for item in (error, *details) if item.get("message"))
    return "/".join(codes), public(" ".join(messages))[:_MAX_WORDS]


def refusal(status: int, body: Any, what: str) -> PipeyardError:
    """Our error for an answer that is no success; `what` names the request."""
    code, words = words_of(body)
    sentence = f"{SERVICE} answered {status}{' ' if code else ''}{code} to {what}{': ' if words else '.'}{words}"
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(sentence)
    if status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return Conflict(sentence)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        hint = "Check the roles of this app's identity in the Azure ML workspace."
        return BackendError(f"{sentence.rstrip('.')}. {hint}")
    return BackendError(sentence, retryable=status in TRANSIENT)


def no_answer(error: Exception, what: str) -> BackendError:
    """Our error where no answer came. Only the kind of theirs is told: its text may quote a request."""
    return BackendError(f"{SERVICE} did not answer {what} ({type(error).__name__}).", retryable=True)


def _inner_codes(error: dict[str, Any]) -> Iterator[str]:
    inner: Any = error.get("innerError")
    for extra in error.get("additionalInfo") or ():
        if isinstance(extra, dict) and extra.get("type") == "InnerError":
            inner = (extra.get("info") or {}).get("value")
    while isinstance(inner, dict):
        if inner.get("code"):
            yield str(inner["code"])
        inner = inner.get("innerError")
