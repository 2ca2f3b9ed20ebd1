"""A broker from its own jars, in a Java process of this machine."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from tests.broker.base import (
    Broker,
    NoBrokerError,
    free_port,
    server_properties,
    wait_until_serving,
)
from tests.broker.jars import fetch_jars


class JavaBroker(Broker):
    """One Java process, with its settings, data and log in a temporary folder."""

    def __init__(self, port: int | None, say: Callable[[str], None]) -> None:
        java = shutil.which("java")
        if java is None:
            raise NoBrokerError("neither a Docker engine nor Java is there to run a broker")
        classpath = f"{fetch_jars(say)}/*"
        # the quick compiler alone: a broker that lives for minutes starts with a third of the work
        options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        self._java = [java, *options, "-cp", classpath]
        self._port = port or free_port()
        self.bootstrap = f"127.0.0.1:{self._port}"

    def start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cogentai-kafka-"))
        self._settings = self._folder / "server.properties"
        properties = server_properties("127.0.0.1", self._port, free_port(), self.bootstrap)
        properties["log.dirs"] = str(self._folder / "data")
        self._settings.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        format_storage = ["kafka.tools.StorageTool", "format", "-t", uuid4().hex[:22]]
        self._launch([*format_storage, "-c", str(self._settings)]).wait()
        self.restart()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        self._process = self._launch(["kafka.Kafka", str(self._settings)])
        try:
            wait_until_serving(self.bootstrap)
        except BaseException as error:  # Ctrl-C too: it runs in a session of its own
            self.kill()
            if isinstance(error, NoBrokerError):
                raise NoBrokerError(f"{error}:\n{self._log().read_text()[-3000:]}") from None
            raise

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _launch(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        logging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [*self._java, logging, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started the broker
            )

    def _log(self) -> Path:
        return self._folder / "broker.log"
