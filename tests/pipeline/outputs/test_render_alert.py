from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from pipeline.outputs.render import alert_line, alert_text
from schemas.alerts import Alert
from tests.pipeline.outputs.make import alert


def shown(alert_: Alert, width: int = 100, *, terminal: bool = False) -> str:
    out = io.StringIO()
    colours = {"force_terminal": True, "color_system": "truecolor"} if terminal else {}
    Console(file=out, width=width, **colours).print(alert_text(alert_))
    return out.getvalue()


def resolved() -> Alert:
    raised = alert()
    return alert(
        status="resolved",
        revision=3,
        ends_at=raised.starts_at + timedelta(minutes=47),
        updated_at=raised.starts_at + timedelta(minutes=77),
    )


def test_a_new_alert_says_when_what_why_and_what_to_do() -> None:
    assert [line.rstrip() for line in shown(alert(), 80).splitlines()] == [
        "2026-03-02 10:01 UTC   CRITICAL   acme:orders",
        "  Orders: Shopify to NetSuite has stopped: no runs started in 15 minutes, where",
        "  about 160 are usual",
        "  No runs started in 15 minutes, where about 160 are usual. In the last hour 120",
        "  runs started, 3 failed.",
        "  → Check that the flow is deployed and enabled, and that its trigger fires.",
        "  volume  low  15 min  0  expected 160  score 2.50",
    ]


def test_an_update_says_that_it_is_one() -> None:
    assert "CRITICAL  (update 2)  acme:orders" in shown(alert(revision=2))


def test_a_resolved_alert_says_how_long_it_lasted_and_asks_for_nothing() -> None:
    text = shown(resolved())
    assert "2026-03-02 11:17 UTC   RESOLVED  after 47 min  acme:orders" in text
    assert "Check that" not in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("number", [0, 0.1, 1234.5, 9e11])
def test_no_line_is_wider_than_the_terminal(width: int, number: float) -> None:
    evidence = alert().evidence[0].model_copy(update={"observed": number, "expected": number})
    text = shown(alert(evidence=(evidence,) * 5), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert f"{number:,.0f}" in text or f"{number:.3g}" in text


def test_a_terminal_gets_colours_and_a_pipe_does_not() -> None:
    assert "\x1b[" in shown(alert(), terminal=True)
    assert "\x1b[" not in shown(alert())


def test_names_are_neither_markup_nor_control_sequences() -> None:
    text = shown(alert(summary="[red]Orders\x1b[2J\x07[/red] stopped"), terminal=True)
    assert "[red]Orders\ufffd[2J\ufffd[/red] stopped" in text


def test_the_machine_form_is_one_line_that_reads_back() -> None:
    line = alert_line(alert(summary="two\nlines"))
    assert "\n" not in line
    assert Alert.model_validate_json(line) == alert(summary="two\nlines")
    assert json.loads(line)["severity"] == "critical"
