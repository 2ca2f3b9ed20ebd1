"""From a line in a run's log to an alert that names it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from pipeline.engine.emissions import ClosedWindow, Emission
from pipeline.engine.engine import Engine
from pipeline.log.base import Output
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import MONDAY, Event, batch, event, heartbeat, run

WIDTH = 600
SETTINGS = EngineSettings(window_seconds=WIDTH, lateness_seconds=0)
TAUGHT = MONDAY + 2900 * WIDTH
"""Twenty days: all detectors have warmed up, and one new error is news."""
TIMEOUT = "cURL error 28: Operation timed out after {n} milliseconds with 0 bytes received"
REFUSED = (
    "Client error: `POST https://shop.example/orders/{n}?token=s3cr3t{n}` resulted in a "
    "`401 Unauthorized` response"
)


def log(at: float, message: str, run_id: str = "r1", **data: Any) -> Event:
    body = {"run_id": run_id, "flow_id": "orders", "level": "ERROR", "message": message}
    return event("cogent.flow.log", at, body | data)


def call(at: float, **data: Any) -> Event:
    return event("cogent.connector.call", at, {"flow_id": "orders", "outcome": "failed"} | data)


@cache
def taught() -> bytes:
    """A flow that times out twice a day, and is otherwise well."""
    engine = Engine(SETTINGS)
    events = []
    for n, at in enumerate(range(MONDAY, TAUGHT, 3600)):
        events.append(run(at + 1))
        if n % 12 == 0:
            events.append(log(at + 2, TIMEOUT.format(n=30_000 + n), run_id=f"known-{n}"))
        if n % 6 == 5:
            events.append(heartbeat(at + 3600))
    engine.apply(batch(*events, heartbeat(TAUGHT)))
    assert not engine.firing()
    return engine.snapshot()


@pytest.fixture
def engine() -> Engine:
    engine = Engine(SETTINGS)
    engine.restore(taught())
    return engine


def feed(engine: Engine, *events: Event) -> list[Emission]:
    return engine.apply(batch(*events))


def alerts(emissions: Iterable[Emission]) -> list[Alert]:
    return [e for e in emissions if isinstance(e, Alert)]


def complaints(emissions: Iterable[Emission]) -> dict[str, int]:
    """Runs that complained, by class."""
    return {
        kind: runs
        for closed in emissions
        if isinstance(closed, ClosedWindow)
        for classes in closed.errors.values()
        for kind, runs in classes.items()
    }


def test_an_error_never_seen_before_raises_an_alert_that_names_it(engine: Engine) -> None:
    line = log(TAUGHT + 5, REFUSED.format(n=7), run_id="run-77", system="Shopify")
    (alert,) = alerts(feed(engine, line, heartbeat(TAUGHT + WIDTH)))
    assert (alert.signal, alert.status, alert.severity) == ("new_error", "firing", "critical")
    assert alert.score > 1
    assert "POST <URL>` resulted in a `401 Unauthorized` response" in alert.summary
    assert "from Shopify" in alert.summary
    assert "run-77" in alert.explanation
    assert "likely cause: credentials have expired" in alert.explanation
    assert alert.next_step.startswith("Renew the connector's credentials")
    assert "run-77" in alert.next_step


def test_an_error_the_flow_is_used_to_raises_none(engine: Engine) -> None:
    line = log(TAUGHT + 5, TIMEOUT.format(n=31_999))
    assert alerts(feed(engine, line, heartbeat(TAUGHT + WIDTH))) == []


def test_ten_new_errors_at_once_are_one_alert(engine: Engine) -> None:
    words = ("auth", "disk", "stock", "price", "tax", "carrier", "label", "invoice", "fax", "mood")
    lines = [log(TAUGHT + n, f"{w} {w} {w} broke down", f"r{n}") for n, w in enumerate(words)]
    (alert,) = alerts(feed(engine, *lines, heartbeat(TAUGHT + WIDTH)))
    assert "9 more errors are new too" in alert.explanation


def test_a_second_new_error_joins_the_open_alert(engine: Engine) -> None:
    (first,) = alerts(feed(engine, log(TAUGHT, "no such host"), heartbeat(TAUGHT + WIDTH)))
    later = TAUGHT + 6 * WIDTH
    again = [log(at, "no such host") for at in range(TAUGHT + WIDTH, later, WIDTH)]
    assert alerts(feed(engine, *again, heartbeat(later))) == []
    updates = feed(engine, log(later + WIDTH, "OOMKilled"), heartbeat(later + 2 * WIDTH))
    (second,) = alerts(updates)
    assert (second.id, second.revision) == (first.id, 1)
    assert "OOMKilled" in second.explanation


def test_a_new_error_that_is_gone_resolves_and_says_so(engine: Engine) -> None:
    feed(engine, log(TAUGHT + 5, "no such host"), heartbeat(TAUGHT + WIDTH))
    (over,) = alerts(feed(engine, heartbeat(TAUGHT + 3600)))
    assert over.status == "resolved"
    assert 'The new error "no such host" has not been seen since 03:20 UTC' in over.explanation


def test_a_new_error_that_stays_for_a_day_is_usual_from_then_on(engine: Engine) -> None:
    events: list[Emission] = []
    for at in range(TAUGHT, TAUGHT + 86_400 + 7200, WIDTH):
        line = log(at, "deadline exceeded while writing")  # of the class it is used to
        usual = [run(at + 1)] if at % 3600 == 0 else []
        events += feed(engine, *usual, line, heartbeat(at + WIDTH))
    first, *_, over = alerts(events)
    assert (first.status, over.status) == ("firing", "resolved")
    assert "counts as usual for this flow" in over.explanation


def test_failed_runs_are_explained_by_the_error_most_often_seen(engine: Engine) -> None:
    events = []
    for n in range(60):
        at = TAUGHT + 20 * n
        events.append(run(at, "failure", run_id=f"f{n}", summary=TIMEOUT.format(n=n)))
    found = alerts(feed(engine, *events, heartbeat(TAUGHT + 2 * WIDTH)))
    said = next(e.text for e in found[-1].evidence if e.signal == "errors")
    assert "most often" in said
    assert '"cURL error 28: Operation timed out after <NUM> milliseconds' in said
    assert "likely cause: the system called answers too slowly" in said


def test_what_the_log_has_said_the_summary_does_not_count_again(engine: Engine) -> None:
    line = log(TAUGHT + 1, TIMEOUT.format(n=1), run_id="f1", system="Shopify")
    end = run(TAUGHT + 2, "failure", run_id="f1", summary=TIMEOUT.format(n=1))
    assert complaints(feed(engine, line, end, heartbeat(TAUGHT + WIDTH))) == {"timeout": 1}


def test_lines_of_one_run_count_once(engine: Engine) -> None:
    lines = [log(TAUGHT + n, TIMEOUT.format(n=n)) for n in range(5)]
    other = log(TAUGHT + 9, TIMEOUT.format(n=9), run_id="r2")
    found = complaints(feed(engine, *lines, other, heartbeat(TAUGHT + WIDTH)))
    assert found == {"timeout": 2}


def test_a_line_sent_twice_or_late_does_not_count(engine: Engine) -> None:
    once = log(TAUGHT + 1, TIMEOUT.format(n=1))
    late = log(TAUGHT - WIDTH, TIMEOUT.format(n=1), run_id="r9")
    feed(engine, late)
    assert engine.totals["late"] == 1
    assert complaints(feed(engine, once, once, heartbeat(TAUGHT + WIDTH))) == {"timeout": 1}
    assert engine.totals["duplicate"] == 1


def test_a_warning_counts_only_if_it_names_a_known_kind_of_error(engine: Engine) -> None:
    lines = [
        log(TAUGHT + 1, "Throttled by the shop, waiting", level="warning"),
        log(TAUGHT + 2, "field colour is deprecated", level="WARN"),
        log(TAUGHT + 3, "no such host", level="INFO"),
    ]
    assert complaints(feed(engine, *lines, heartbeat(TAUGHT + WIDTH))) == {"rate_limit": 1}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"system": "NetSuite", "http_status": 200, "outcome": "success"}, {}),
        ({"system": "NetSuite", "outcome": "success"}, {}),
        ({"system": "NetSuite", "http_status": 502}, {"server_5xx": 1}),
        ({"system": "Brightpearl", "http_status": 503}, {"rate_limit": 1}),
        ({"system": "Magento", "http_status": 503, "remaining": 0}, {"rate_limit": 1}),
        ({"system": "Shopify", "http_status": 200, "throttled": True}, {"rate_limit": 1}),
        ({"system": "Peoplevox", "outcome": "timeout"}, {"timeout": 1}),
    ],
)
def test_connector_calls_that_went_wrong_count_too(
    engine: Engine, data: dict[str, Any], found: dict[str, int]
) -> None:
    emissions = feed(engine, call(TAUGHT + 1, **data), heartbeat(TAUGHT + WIDTH))
    assert complaints(emissions) == found


def test_errors_during_maintenance_are_no_news(engine: Engine) -> None:
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    notice = event("cogent.annotation", TAUGHT, {"kind": "maintenance", "scope": "*", **span})
    line = log(TAUGHT + 5, "no such host")
    assert alerts(feed(engine, notice, line, heartbeat(TAUGHT + WIDTH))) == []


def test_a_flow_of_whole_windows_that_begins_to_send_runs_learns_its_errors_first() -> None:
    engine = Engine(SETTINGS)
    counts = {"runs": {"started": 4, "succeeded": 4}}
    for at in range(MONDAY, TAUGHT, 100 * WIDTH):
        past = [
            event("cogent.flow.window", t, {"flow_id": "orders", "seconds": WIDTH, **counts})
            for t in range(at, min(at + 100 * WIDTH, TAUGHT), WIDTH)
        ]
        feed(engine, *past, heartbeat(min(at + 100 * WIDTH, TAUGHT)))
    line = log(TAUGHT + 5, "no such host")
    found = alerts(feed(engine, line, heartbeat(TAUGHT + WIDTH)))
    assert not {alert.signal for alert in found} & {"new_error", "error_mix"}


HOSTILE = [
    "x" * 10_000,
    "\x00\x01\x1b[31mred\x1b[0m\u202e evil",
    "-----!!!!!?????",
    "",
    "   \n\t ",
    "<*> <*> <NUM> <*>",
    "{" * 5000,
    "'" * 999 + '"' * 999,
    "ошибка соединения: сервер недоступен 🚫",
    "a@" * 4000,
    "http://" * 1000,
    "token=" * 1500,
    "[bold]markup[/bold]",
]


@pytest.mark.parametrize("message", HOSTILE)
def test_a_hostile_line_is_an_error_like_any_other(engine: Engine, message: str) -> None:
    found = feed(engine, log(TAUGHT + 5, message, system="ev\x00il " * 9), heartbeat(TAUGHT + 600))
    (alert,) = alerts(found)
    assert len(alert.summary) < 1000
    assert encode(found, topic="events", partition=0)
    restored = Engine(SETTINGS)
    restored.restore(engine.snapshot())
    assert restored.snapshot() == engine.snapshot()


def test_no_secret_of_a_line_leaves_or_is_kept(engine: Engine) -> None:
    lines = [
        log(TAUGHT + 1, REFUSED.format(n=1)),
        log(TAUGHT + 2, "mail of jane@shop.example refused, Authorization: Bearer s3cr3tBearer"),
    ]
    outputs = encode(feed(engine, *lines, heartbeat(TAUGHT + 3600)), topic="events", partition=0)
    assert any(output.topic == "alerts" for output in outputs)
    for raw in (*(output.value or b"" for output in outputs), engine.snapshot()):
        assert b"s3cr3t" not in raw


def trouble() -> list[Event]:
    """Three hours of known and new errors, with duplicates and late lines among them."""
    events: list[Event] = []
    for n, at in enumerate(range(TAUGHT, TAUGHT + 10_800, 120)):
        events.append(run(at, "failure" if n % 3 else "success", summary=TIMEOUT.format(n=n)))
        events.append(log(at + 1, f"the {'abcdefgh'[n % 8] * 9} of order {n} is wrong", f"r{n}"))
        events.append(call(at - 900, system="NetSuite", http_status=500 + n % 4, run_id=f"r{n}"))
        if n % 5 == 0:
            events += [events[-2], heartbeat(at)]
    return [*events, heartbeat(TAUGHT + 20_000)]


TROUBLE = trouble()


def outputs(engine: Engine, size: int, events: list[Event]) -> list[Output]:
    cuts = [*range(0, len(events), size), len(events)]
    records = [batch(*events[a:b], offset=0) for a, b in pairwise(cuts)]
    emissions = [emission for record in records for emission in engine.apply(record)]
    return encode(emissions, topic="events", partition=0)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_bytes_do_not_depend_on_where_a_batch_ends(engine: Engine, size: int) -> None:
    other = Engine(SETTINGS)
    other.restore(taught())
    expected = outputs(other, 50, TROUBLE)
    assert any(b'"new_error"' in (output.value or b"") for output in expected)
    assert [o.value for o in outputs(engine, size, TROUBLE)] == [o.value for o in expected]
    assert engine.snapshot() == other.snapshot()


@pytest.mark.parametrize("cut", [1, 40, 111, 250])
def test_an_engine_restored_from_a_snapshot_has_the_same_future(engine: Engine, cut: int) -> None:
    outputs(engine, 10, TROUBLE[:cut])
    restored = Engine(SETTINGS)
    restored.restore(engine.snapshot())
    assert outputs(restored, 10, TROUBLE[cut:]) == outputs(engine, 10, TROUBLE[cut:])
    assert restored.snapshot() == engine.snapshot()
