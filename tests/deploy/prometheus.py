"""A real Prometheus, with the rules of the deployment and quicker than it."""

from __future__ import annotations

import math
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus"


def binary(name: str) -> str:
    """Find a program of Prometheus. CI must have it; elsewhere the test is skipped."""
    if path := shutil.which(name):
        return path
    reason = f"{name} is not installed (apt-get install prometheus prometheus-alertmanager)"
    if os.environ.get("CI"):
        pytest.fail(f"CI must run every test, but {reason}", pytrace=False)
    pytest.skip(reason)


class Prometheus:
    """Its HTTP API, as Grafana uses it."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=10)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate at this moment; return the samples that are numbers."""
        samples = self._get("/query", query=expression)["result"]
        return [s for s in samples if not math.isnan(float(s["value"][1]))]

    def query_range(self, expression: str, seconds: int = 30) -> list[dict[str, Any]]:
        """Evaluate over the last while; return the series that have a number in it."""
        now = time.time()
        found = self._get("/query_range", query=expression, start=now - seconds, end=now, step=1)
        return [
            series
            for series in found["result"]
            if not all(math.isnan(float(value)) for _, value in series["values"])
        ]

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule, with how its last evaluation went."""
        return [rule for group in self._get("/rules")["groups"] for rule in group["rules"]]

    def _get(self, path: str, **parameters: Any) -> Any:
        answer = self._client.get(path, params=parameters).json()
        assert answer["status"] == "success", f"{answer['error']} in {parameters.get('query')}"
        return answer["data"]

    def close(self) -> None:
        self._client.close()


@contextmanager
def running_prometheus(folder: Path, port: int) -> Iterator[Prometheus]:
    """Run Prometheus on the deployment's rules, with every job scraping one port.

    Two jobs then show the same flows, as two workers do in the middle of a hand-over.
    """
    program = binary("prometheus")
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(_quick_config(port)))
    listen = f"127.0.0.1:{_free_port()}"
    command = [
        program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={listen}", "--log.level=warn",
    ]  # fmt: skip
    log = folder / "prometheus.log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        prometheus = Prometheus(f"http://{listen}")
        try:
            wait_until(lambda: _ready(listen, process), "Prometheus is ready", log)
            yield prometheus
        finally:
            prometheus.close()
            process.terminate()


def wait_until(condition: Any, what: str, log: Path | None = None, seconds: float = 60) -> None:
    """Wait for a condition, or fail naming it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            told = log.read_text() if log else ""
            pytest.fail(f"not within {seconds:g} s: {what}\n{told}")
        time.sleep(0.1)


def _quick_config(port: int) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((RULES / "prometheus.yml").read_text())
    del config["alerting"]
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES / name) for name in config["rule_files"]]
    config["scrape_configs"] = [
        {
            "job_name": job["job_name"],
            "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
        }
        for job in config["scrape_configs"]
    ]
    return config


def _ready(listen: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Prometheus has ended"
    try:
        return httpx.get(f"http://{listen}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
