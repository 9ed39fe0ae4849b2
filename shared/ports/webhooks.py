"""Sending messages to webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one try: a status, or a sentence why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has accepted the message."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what success is


class WebhookSender(Protocol):
    """Plain POSTs to the outside, kept out of networks that are none of the receivers' business."""

    def url_problem(self, url: str) -> str | None:
        """What is wrong with a URL, None if nothing is that can be seen without calling it."""
        ...

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST a body. Redirects are not followed; it takes half a minute at most."""
        ...
