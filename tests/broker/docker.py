"""A broker in a container: the official image."""

from __future__ import annotations

import os
import socket
from contextlib import closing

import docker
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.broker.base import (
    Broker,
    free_port,
    kafka_version,
    server_properties,
    wait_until_serving,
)

_DEFAULT_HOST = "unix:///var/run/docker.sock"
_PORT, _CONTROLLER_PORT = 9092, 9093


def docker_answers() -> bool:
    """Whether a Docker engine answers, found out quickly."""
    host = os.environ.get("DOCKER_HOST", _DEFAULT_HOST)
    try:
        if host.startswith("unix://"):  # the client leaks its socket if nobody listens
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(3)
                probe.connect(host.removeprefix("unix://"))
        with closing(docker.from_env(timeout=3)) as client:
            return bool(client.ping())
    except (DockerException, OSError):
        return False


class KafkaContainer(DockerContainer):
    """``apache/kafka``, told by environment variables what a properties file would say."""

    def __init__(self, host_port: int) -> None:
        super().__init__(f"apache/kafka:{kafka_version()}")
        self.with_bind_ports(_PORT, host_port)
        advertised = f"127.0.0.1:{host_port}"
        for name, value in server_properties("", _PORT, _CONTROLLER_PORT, advertised).items():
            self.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        self.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")


class DockerBroker(Broker):
    """A container whose port on this machine stays the same over a restart."""

    def __init__(self, port: int | None = None) -> None:
        port = port or free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        self._container = KafkaContainer(port)

    def start(self) -> None:
        self._container.start()
        wait_until_serving(self.bootstrap)

    def stop(self) -> None:
        self._container.stop()

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def restart(self) -> None:
        self._container.get_wrapped_container().start()
        wait_until_serving(self.bootstrap)

    def pause(self) -> None:
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        self._container.get_wrapped_container().unpause()
