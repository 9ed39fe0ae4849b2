"""POSTs to webhooks with nothing but the standard library, because every step is a decision about safety.

The host is resolved once, every address it has is checked, and the connection goes to a checked address: a name that
resolves differently a moment later changes nothing. Redirects are answers like any other, proxies are not asked.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.core.webhook_addresses import is_public, url_problem
from shared.ports.webhooks import Answer

_STEP_SECONDS = 10.0
"""For connecting, and for each wait for bytes."""
_WHOLE_SECONDS = 25.0
_ANSWER_BYTES = 64 * 1024


class WebhookHttp:
    """The `WebhookSender` port over HTTP/1.1."""

    def __init__(self, *, private: bool, whole_seconds: float = _WHOLE_SECONDS) -> None:
        """Open nothing.

        Args:
            private: Whether http and private addresses are fine, as in a local workspace.
            whole_seconds: How long a try may take altogether.
        """
        self._private = private
        self._whole_seconds = whole_seconds

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # reads every certificate of the machine: only where something is sent

    def url_problem(self, url: str) -> str | None:
        """See `WebhookSender.url_problem`."""
        return url_problem(url, private=self._private)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """See `WebhookSender.send`."""
        if (problem := self.url_problem(url)) is not None:
            return Answer(error=problem)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            address = self._checked_address(host, port)
        except (OSError, UnicodeError):
            return Answer(error=f"The host {host} cannot be resolved.")
        if address is None:
            return Answer(error=f"The host {host} resolves to an address that is not public; nothing was sent.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Pinned(host, port, address, self._tls if parts.scheme == "https" else None)
        watchdog = threading.Timer(self._whole_seconds, connection.abort)
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request("POST", target, body, dict(headers))
            response = connection.getresponse()
            response.read(_ANSWER_BYTES)
        except TimeoutError:
            return Answer(error="The receiver did not answer in time.")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(error=f"The receiver could not be reached or broke off ({type(error).__name__}).")
        finally:
            watchdog.cancel()
            connection.close()
        return Answer(status=response.status)

    def _checked_address(self, host: str, port: int) -> str | None:
        """An address of the host, None if any of its addresses is none that we may call."""
        found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        addresses = [str(each) for each in found]
        if not self._private and not all(is_public(ip_address(each.partition("%")[0])) for each in addresses):
            return None
        return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the host's name resolves to by now."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=_STEP_SECONDS)
        self._address = address
        self._tls = tls
        if tls is not None:
            self.default_port = 443

    def connect(self) -> None:
        """Connect to the pinned address, and make sure of the certificate of the host's name."""
        self.sock = socket.create_connection((self._address, self.port), _STEP_SECONDS)
        if self._tls is not None:
            # Known before the handshake, so that `abort` and `close` reach a receiver who draws it out.
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def abort(self) -> None:
        """End whatever it is waiting for."""
        with contextlib.suppress(OSError, AttributeError):  # not open yet, or closed meanwhile
            self.sock.shutdown(socket.SHUT_RDWR)
