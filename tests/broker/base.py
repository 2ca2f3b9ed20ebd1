"""What every broker of the tests can do, and how a single-node broker is configured."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

from kafka import KafkaAdminClient

POM = Path(__file__).with_name("pom.xml")
_MAVEN = "{http://maven.apache.org/POM/4.0.0}"
START_SECONDS = 60.0


class NoBrokerError(Exception):
    """This machine cannot run a broker; the message says what is missing."""


class Broker(ABC):
    """One broker, with data of its own that go when it stops."""

    bootstrap: str

    @abstractmethod
    def start(self) -> None:
        """Start it with no data, and return once it serves."""

    @abstractmethod
    def stop(self) -> None:
        """End it, and throw its data away."""

    @abstractmethod
    def kill(self) -> None:
        """End it as a power cut would."""

    @abstractmethod
    def restart(self) -> None:
        """Start it after a kill, with the data it had, and return once it serves."""

    @abstractmethod
    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""

    @abstractmethod
    def resume(self) -> None:
        """Let it go on after a pause."""


def kafka_version() -> str:
    """The version that the pom names, for the jars and for the image alike."""
    for dependency in ET.parse(POM).iter(f"{_MAVEN}dependency"):
        if dependency.findtext(f"{_MAVEN}groupId") == "org.apache.kafka":
            return str(dependency.findtext(f"{_MAVEN}version"))
    raise AssertionError(f"{POM} names no Kafka")


def server_properties(
    host: str, port: int, controller_port: int, advertised: str
) -> dict[str, str]:
    """Settings of a single node that is broker and controller, quick to start and to recover."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{host or 'localhost'}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{advertised}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "auto.create.topics.enable": "false",
        # one node holds everything
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        # a killed broker may register again once its old session is over (default 9 s)
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        # so that a test sees compaction happen
        "log.cleaner.backoff.ms": "200",
        "log.initial.task.delay.ms": "200",
    }


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(bootstrap: str, until: float) -> bool:
    """Wait for the port; whether it opened before the monotonic time ``until``."""
    host, _, port = bootstrap.rpartition(":")
    while time.monotonic() < until:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def wait_until_serving(bootstrap: str) -> None:
    """Return once the broker at the address has joined its cluster."""
    until = time.monotonic() + START_SECONDS
    if wait_until_open(bootstrap, until):
        with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
            while time.monotonic() < until:
                if admin.describe_cluster()["brokers"]:
                    return
                time.sleep(0.05)
    raise NoBrokerError(f"the broker at {bootstrap} did not serve within {START_SECONDS:g} s")
