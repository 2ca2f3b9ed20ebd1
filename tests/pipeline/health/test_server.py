from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from pipeline.health.server import HealthServer


class Process:
    """A process with a metric, whose readiness a test decides."""

    def __init__(self) -> None:
        self.ready = (True, "")
        self.registry = CollectorRegistry()
        self.counter = Counter("things", "Things.", registry=self.registry)

    def server(self, port: int = 0) -> HealthServer:
        return HealthServer("127.0.0.1", port, self.registry, lambda: self.ready)


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def client(process: Process) -> Iterator[httpx.Client]:
    with (
        process.server() as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=5) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/-/healthy", "/livez"])
def test_a_process_that_is_not_ready_is_still_healthy(
    process: Process, client: httpx.Client, path: str
) -> None:
    process.ready = (False, "broker away")
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/-/ready", "/readyz", "/-/ready?verbose"])
def test_readiness_is_asked_anew_each_time(
    process: Process, client: httpx.Client, path: str
) -> None:
    assert client.get(path).status_code == 200
    process.ready = (False, "no partition is open yet")
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (503, "not ready: no partition is open yet\n")
    process.ready = (True, "")
    assert client.get(path).status_code == 200


def test_metrics_are_those_of_the_registry(process: Process, client: httpx.Client) -> None:
    process.counter.inc(3)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    [family] = [f for f in text_string_to_metric_families(answer.text) if f.name == "things"]
    assert [s.value for s in family.samples if s.name == "things_total"] == [3]


def test_openmetrics_is_spoken_to_those_who_ask(client: httpx.Client) -> None:
    answer = client.get(
        "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_answers_are_compressed_only_for_those_who_take_it(client: httpx.Client) -> None:
    packed = client.get("/metrics", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/metrics"])
def test_head_answers_like_get_without_a_body(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/-/ready")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/metrics/", "/-/ready/../metrics"])
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_port_in_use_is_refused(process: Process) -> None:
    with process.server() as first, pytest.raises(OSError, match="in use"):
        process.server(first.port)


def test_a_stopped_server_gives_its_port_and_its_thread_back(process: Process) -> None:
    with process.server() as server:
        port = server.port
        assert "health" in {thread.name for thread in threading.enumerate()}
    assert "health" not in {thread.name for thread in threading.enumerate()}
    with process.server(port) as server:
        assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200


def test_a_server_that_was_never_started_can_be_stopped(process: Process) -> None:
    process.server().stop()


def test_a_client_that_says_nothing_holds_nobody_up(process: Process) -> None:
    with process.server() as server, socket.create_connection(("127.0.0.1", server.port)):
        began = time.monotonic()
        assert httpx.get(f"http://127.0.0.1:{server.port}/livez").status_code == 200
        server.stop()
        assert time.monotonic() - began < 2


def test_a_client_that_dribbles_is_let_go(
    process: Process, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.health.server._LONGEST_SECONDS", 0.3)
    with process.server() as server, socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.settimeout(0.05)
        slow.sendall(b"GET /livez HTTP/1.0\r\n")
        said: bytes | None = None
        for n in range(100):
            with suppress(TimeoutError):
                said = slow.recv(100)
                break
            slow.sendall(b"x-%d: y\r\n" % n)
    assert said == b""
    assert capfd.readouterr().err == ""


def test_silent_clients_beyond_the_most_make_room_for_others(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.health.server._MOST_CLIENTS", 5)
    with process.server() as server, ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        silent = [stack.enter_context(socket.create_connection(address)) for _ in range(20)]
        assert httpx.get(f"http://127.0.0.1:{server.port}/livez").status_code == 200
        silent[0].settimeout(2)
        assert silent[0].recv(1) == b""
        assert threading.active_count() < 20


def test_a_client_that_goes_away_is_nobodys_business(
    process: Process, capfd: pytest.CaptureFixture[str]
) -> None:
    with process.server() as server:
        address = ("127.0.0.1", server.port)
        for _ in range(5):
            with socket.create_connection(address) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        connection = http.client.HTTPConnection(*address)
        connection.request("GET", "/livez")
        assert connection.getresponse().status == 200
        connection.close()
    assert capfd.readouterr().err == ""


def test_it_answers_while_the_event_loop_is_busy(process: Process) -> None:
    """A scrape has a thread of its own: a loop that computes does not keep it waiting."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(1000))

    busy = threading.Thread(target=compute)
    busy.start()
    try:
        with process.server() as server:
            assert httpx.get(f"http://127.0.0.1:{server.port}/-/ready").status_code == 200
    finally:
        stop.set()
        busy.join()
