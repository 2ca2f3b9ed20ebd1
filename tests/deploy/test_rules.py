"""Prometheus's and Alertmanager's own checks of what they are given."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.deploy.prometheus import DEPLOY, RULES, binary

RULE_FILES = ("recording.yml", "alerts.yml")
ALERTMANAGER = DEPLOY / "alertmanager" / "alertmanager.yml"


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / file).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = rules("alerts.yml")


def check(program: str, *arguments: str) -> None:
    command = [binary(program), *arguments]
    done = subprocess.run(command, cwd=RULES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_prometheus_takes_its_configuration() -> None:
    check("promtool", "check", "config", "prometheus.yml")


@pytest.mark.prometheus
@pytest.mark.parametrize("file", RULE_FILES)
def test_prometheus_finds_no_fault_with_the_rules(file: str) -> None:
    check("promtool", "check", "rules", "--lint=all", "--lint-fatal", file)


@pytest.mark.prometheus
def test_the_rules_do_what_their_unit_tests_say() -> None:
    check("promtool", "test", "rules", "alerts_test.yml")


@pytest.mark.prometheus
def test_alertmanager_takes_its_configuration() -> None:
    check("amtool", "check-config", str(ALERTMANAGER))


@pytest.mark.prometheus
@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_nobody_is_notified_out_of_the_box(severity: str) -> None:
    route = ("config", "routes", "test", f"--config.file={ALERTMANAGER}")
    check("amtool", *route, "--verify.receivers=nobody", f"severity={severity}")


def test_every_alert_has_a_unit_test() -> None:
    tests = yaml.safe_load((RULES / "alerts_test.yml").read_text())["tests"]
    fired = {
        case["alertname"]
        for test in tests
        for case in test.get("alert_rule_test", ())
        if case["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_it_is_and_what_it_means(rule: dict[str, Any]) -> None:
    # A flow's alert brings the severity the engine gave it.
    assert rule["alert"] == "CogentaiFlowAlert" or rule["labels"]["severity"]
    assert set(rule["annotations"]) == {"summary", "description"}


@pytest.mark.parametrize("rule", rules("recording.yml"), ids=lambda rule: rule["record"])
def test_recordings_are_named_level_metric_operation(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z_]+:cogentai_[a-z_]+:[a-z0-9]+", rule["record"])


def test_inhibition_names_alerts_that_exist() -> None:
    named = set(re.findall(r"Cogentai\w+", ALERTMANAGER.read_text()))
    assert named
    assert named <= {rule["alert"] for rule in ALERTS}
