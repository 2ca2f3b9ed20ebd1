"""Health and metrics over HTTP, in a thread of its own: a busy event loop cannot delay them.

``/-/healthy`` (also ``/livez``) answers 200 while the process runs, whatever it depends on: a
restart would not mend a broker that is away. ``/-/ready`` (also ``/readyz``) answers 200 or 503
with the reason. ``/metrics`` is what Prometheus scrapes.
"""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Readiness = Callable[[], tuple[bool, str]]
"""Whether the process can do its work, and why not."""

_TEXT = "text/plain; charset=utf-8"
_IDLE_SECONDS = 10
"""A client that says nothing for this long is let go; Prometheus waits no longer by default."""
_LONGEST_SECONDS = 20
"""A client that dribbles is let go after this; an answer takes far less."""
_MOST_CLIENTS = 64
"""Each has a thread. Where there are more, the one that has been there longest is let go."""
_GZIP_LEVEL = 1
"""Level 9 takes five times as long and saves a seventh more of a scrape."""


class HealthServer:
    r"""Serves health and metrics until it is stopped. Listens once made, answers once started.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one, which ``port`` then tells.
    registry
        The metrics to serve.
    ready
        Asked at every readiness probe, from the server's thread; must return at once.

    Raises
    ------
    OSError
        If the port is taken.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> with HealthServer("127.0.0.1", 0, CollectorRegistry(), lambda: (True, "")) as server:
    ...     with urlopen(f"http://127.0.0.1:{server.port}/-/ready") as answer:
    ...         answer.read()
    b'ready\n'
    """

    def __init__(self, host: str, port: int, registry: CollectorRegistry, ready: Readiness) -> None:
        self._server = _Server((host, port), registry, ready)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health"
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and give the port back."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Answer(NamedTuple):
    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT


class _Server(ThreadingTCPServer):
    """Not an ``HTTPServer``, which looks its own name up in the DNS before it listens."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], registry: CollectorRegistry, ready: Readiness
    ) -> None:
        self._registry = registry
        self._ready = ready
        self._since: dict[Any, float] = {}
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a client in; if there are too many, let the one go that came first."""
        self._since[request] = time.monotonic()
        if len(clients := list(self._since)) > _MOST_CLIENTS:
            self._let_go(clients[0])
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Let clients go that take too long."""
        for client, since in list(self._since.items()):
            if time.monotonic() - since > _LONGEST_SECONDS:
                self._let_go(client)

    def shutdown_request(self, request: Any) -> None:
        self._since.pop(request, None)
        super().shutdown_request(request)

    def _let_go(self, client: Any) -> None:
        self._since.pop(client, None)
        with suppress(OSError):  # its thread may have ended by itself
            client.shutdown(socket.SHUT_RDWR)

    def answer(self, path: str, accept: str) -> _Answer:
        match path:
            case "/-/healthy" | "/livez":
                return _Answer(HTTPStatus.OK, b"healthy\n")
            case "/-/ready" | "/readyz":
                return self._readiness()
            case "/metrics":
                encode, content_type = choose_encoder(accept)
                return _Answer(HTTPStatus.OK, encode(self._registry), content_type)
            case _:
                return _Answer(HTTPStatus.NOT_FOUND, b"not found\n")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless the client only went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _readiness(self) -> _Answer:
        ready, reason = self._ready()
        if ready:
            return _Answer(HTTPStatus.OK, b"ready\n")
        return _Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}\n".encode())


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _IDLE_SECONDS
    server_version, sys_version = "cogentai", ""

    def parse_request(self) -> bool:
        """Refuse every method but two, which the base class looks up by name."""
        if not super().parse_request():
            return False
        if self.command in {"GET", "HEAD"}:
            return True
        self._send(_Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET and HEAD\n"))
        return False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self._send(self.server.answer(path, self.headers.get("Accept", "")))

    do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

    def _send(self, answer: _Answer) -> None:
        body = answer.body
        self.send_response(answer.status)
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Probes come every few seconds: logging them would bury the rest."""
