"""The HTTP server behind the dashboard, and the addresses that it listens on."""

import ipaddress
import socket
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from studies.errors import StudyError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


class _Server(ThreadingMixIn, WSGIServer):
    """Handles each request in a thread, since the page sends several at once."""

    daemon_threads = True


class _Server6(_Server):
    """For an address of IPv6."""

    address_family = socket.AF_INET6


class _QuietHandler(WSGIRequestHandler):
    """Logs errors only."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Does not log served requests."""


def bind(app: "WSGIApplication", host: str, port: int) -> WSGIServer:
    """A server that listens at the address.

    Raises:
        StudyError: The host is not an address of this machine, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError) as error:
        raise StudyError(
            f"--host {host!r} is not an address ({_why(error)}); leave it out"
        ) from error
    kind = _Server6 if family == socket.AF_INET6 else _Server
    try:
        return make_server(host, port, app, kind, _QuietHandler)
    except OSError as error:
        raise StudyError(
            f"port {port} on {host} cannot be used ({_why(error)}); give another with --port, or "
            "leave --host out"
        ) from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def is_loopback(host: str) -> bool:
    """Whether no other machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown(host: str) -> str:
    """The host for the address in a browser."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
