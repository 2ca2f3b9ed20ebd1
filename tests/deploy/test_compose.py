"""The compose file and the image, as far as they can be checked without a container engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.settings import Settings
from tests.deploy.prometheus import DEPLOY

ROOT = DEPLOY.parent
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("cogentai")}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def test_every_part_of_the_picture_is_there() -> None:
    monitoring = {"prometheus", "alertmanager", "grafana"}
    assert set(SERVICES) == {"kafka", "topics", "ingest", "worker", *monitoring}


def test_docker_compose_finds_no_fault() -> None:
    if not shutil.which("docker") or not _runs("docker", "compose", "version"):
        pytest.skip("docker compose is not installed")
    assert _runs("docker", "compose", "--file", str(FILE), "config", "--quiet")


def _runs(*command: str) -> bool:
    environment = os.environ | {"INGEST_TOKEN": "a token"}
    return (
        subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("name", OURS)
def test_each_service_runs_a_command_that_exists(name: str) -> None:
    import pipeline.cli  # noqa: F401 - registers the commands

    outcome = CliRunner().invoke(app, [*OURS[name]["command"], "--help"])
    assert outcome.exit_code == 0, outcome.output


@pytest.mark.parametrize("name", OURS)
def test_each_setting_is_one_the_engine_knows_and_takes(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Settings.load().model_dump()
    variables = {k: v for k, v in OURS[name]["environment"].items() if k.startswith("COGENTAI_")}
    assert variables
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    after = Settings.load().model_dump()
    for variable in variables:
        section, field, *entry = variable.removeprefix("COGENTAI_").lower().split("__")
        assert field in before[section], f"{variable} is no setting"
        if entry:
            assert list(after[section][field]) == entry
    assert after["kafka"]["bootstrap"] == "kafka:9092"


def test_ingest_does_not_start_without_a_token_of_ones_own() -> None:
    assert re.match(r"\$\{\w+:\?", OURS["ingest"]["environment"]["COGENTAI_INGEST__TOKENS__SENDER"])


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].partition(":")[2]
    assert tag
    assert tag != "latest"


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"topics"}))
def test_whatever_keeps_running_is_checked(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_nothing_starts_before_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            over = "restart" in SERVICES[needed] and SERVICES[needed]["restart"] == "no"
            condition = "service_completed_successfully" if over else "service_healthy"
            assert how["condition"] == condition, f"{name} needs {needed}"


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source = volume.partition(":")[0]
        assert source in COMPOSE["volumes"] or (ROOT / source).is_dir()


@pytest.mark.parametrize("name", OURS)
def test_ours_run_with_no_more_rights_than_they_need(name: str) -> None:
    assert OURS[name]["read_only"] is True
    assert OURS[name]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER [1-9]\d*$", DOCKERFILE, re.MULTILINE)


def test_the_scraped_ports_are_those_the_services_listen_on() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    ingest, worker = config["scrape_configs"]
    assert ingest["static_configs"] == [{"targets": [f"ingest:{Settings().ingest.port}"]}]
    [discovered] = worker["dns_sd_configs"]
    assert discovered["names"] == ["worker"]
    assert discovered["port"] == Settings().metrics.port


def test_kafka_keeps_its_data_where_the_volume_is() -> None:
    directory = SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"]
    assert SERVICES["kafka"]["volumes"] == [f"kafka:{directory}"]


def test_grafana_finds_the_dashboard_where_it_is_mounted() -> None:
    provider = DEPLOY / "grafana" / "provisioning" / "dashboards" / "cogentai.yml"
    [dashboards] = yaml.safe_load(provider.read_text())["providers"]
    mounted = dict(v.split(":")[:2] for v in SERVICES["grafana"]["volumes"])
    assert mounted["./deploy/grafana/dashboards"] == dashboards["options"]["path"]


def test_the_image_installs_exactly_what_is_locked() -> None:
    assert "--require-hashes --requirement /src/requirements.lock" in DOCKERFILE
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.11-slim"] * 2


def test_the_image_gets_every_file_it_copies() -> None:
    let_in = re.findall(r"^!(\S+)", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for line in copied for name in line.split()} == set(let_in)
    assert all((ROOT / name).exists() for name in let_in)
