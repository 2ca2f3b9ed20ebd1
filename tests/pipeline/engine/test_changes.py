"""A flow that was changed: it learns anew, and says what was changed when it breaks."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.outputs.encode import encode
from tests.make import Event, event, iso
from tests.pipeline.engine.shop import DAY, NOW, RATE, Shop, flows_of


def changed(minute: int = 0, **data: Any) -> Event:
    body = {
        "object": "version", "object_id": "1207", "change": "deployed", "flow_id": "orders-uk",
        "version": "7", "user_id": "ana",
    } | data  # fmt: skip
    return event("cogent.config.changed", NOW + 60 * minute, body)


def promise(minute: int) -> Event:
    data = {"flow_id": "orders-uk", "due_at": iso(NOW + 60 * minute), "tolerance_s": 60}
    return event("cogent.schedule.expected", NOW, data)


def statuses(shop: Shop, signal: str, flow_id: str = "orders-uk") -> set[str]:
    """Status of a signal of a flow in the last closed window."""
    (closed, _), found = shop.latest(flow_id), set()
    for output in encode([closed], topic="events", partition=0):
        for part in (output.value or b"").decode().split('{"specversion"'):
            if f'"flow_id":"{flow_id}","signal":"{signal}"' in part:
                found.add(part.partition('"status":"')[2].partition('"')[0])
    return found


def test_a_new_level_after_a_change_is_learned_without_an_alert(shop: Shop) -> None:
    shop.tell(changed())
    assert shop.play(200, times={"orders-uk": 2.0}) == []
    assert shop.expected("orders-uk") > 1.7 * RATE


def test_a_changed_flow_says_that_it_relearns_and_for_how_long(shop: Shop) -> None:
    shop.tell(changed())
    shop.play(60)
    assert statuses(shop, "volume") == {"relearning"}
    assert statuses(shop, "errors") == {"normal"}
    assert statuses(shop, "volume", "stock") == {"normal"}
    shop.play(61)
    assert statuses(shop, "volume") == {"normal"}


def test_errors_right_after_a_change_are_an_alert_that_names_it(shop: Shop) -> None:
    shop.tell(changed())
    shop.play(12)
    (alert, *_) = shop.play(20, errors={"orders-uk": 0.4})
    assert alert.signal == "errors"
    assert "minutes after version 7 was deployed by ana." in alert.explanation


def test_a_stop_right_after_a_change_is_an_alert_that_names_it(shop: Shop) -> None:
    shop.tell(changed())
    (alert, *_) = shop.play(30, times={"orders-uk": 0.0})
    assert (alert.signal, alert.severity) == ("volume", "critical")
    assert "after version 7 was deployed by ana." in alert.explanation
    assert (alert.starts_at.timestamp() - NOW) / 60 < 10


def test_a_change_told_late_calms_the_flow(shop: Shop) -> None:
    assert flows_of(shop.play(20, times={"orders-uk": 2.0})) == {"orders-uk"}
    shop.tell(changed())
    assert [a.status for a in shop.play(180, times={"orders-uk": 2.0})] == ["resolved"]


def test_slower_runs_after_a_change_are_learned_without_an_alert(shop: Shop) -> None:
    shop.tell(changed())
    assert shop.play(150, slower={"orders-uk": 2.0}) == []


def test_slower_runs_after_a_flow_has_relearned_are_an_alert(shop: Shop) -> None:
    shop.tell(changed())
    shop.play(150, slower={"orders-uk": 2.0})
    (alert, *_) = shop.play(40, slower={"orders-uk": 4.0})
    assert alert.signal == "latency"


def test_what_happens_to_a_flow_that_relearned_is_an_alert(shop: Shop) -> None:
    shop.tell(changed())
    shop.play(180, times={"orders-uk": 2.0})
    assert flows_of(shop.play(40, times={"orders-uk": 0.7})) == {"orders-uk"}


def test_a_change_of_another_flow_is_not_mentioned(shop: Shop) -> None:
    shop.tell(changed(flow_id="stock"))
    (alert, *_) = shop.play(20, errors={"orders-uk": 0.4})
    assert "deployed" not in alert.explanation


def test_a_change_that_names_no_flow_is_mentioned_and_nothing_relearns(shop: Shop) -> None:
    connector = {"object": "connector", "object_id": "netsuite", "change": "modified"}
    shop.tell(changed(**connector, flow_id=None, version=None))
    (alert, *_) = shop.play(30, times={"orders-uk": 2.0})
    assert "after connector netsuite was modified by ana." in alert.explanation
    assert statuses(shop, "volume") == {"anomalous"}


def test_a_change_of_a_flow_is_known_by_its_own_id(shop: Shop) -> None:
    shop.tell(changed(object="flow", object_id="orders-uk", change="enabled", flow_id=None))
    assert shop.play(150, times={"orders-uk": 2.0}) == []


def test_a_change_of_a_flow_never_seen_begins_no_flow(shop: Shop) -> None:
    shop.tell(changed(flow_id="nowhere"))
    shop.play(2)
    assert len(shop.engine.flows) == 4


SCHEDULE = {"object": "schedule", "object_id": "hourly", "change": "modified", "version": None}


def test_a_new_pattern_of_the_day_is_learned_within_a_day(shop: Shop) -> None:
    hourly = {"stock": lambda m: 12.0 if m % 60 < 5 else 0.0}
    shop.tell(changed(**SCHEDULE | {"flow_id": "stock"}))
    assert shop.play(DAY + 1, times=hourly) == []
    assert statuses(shop, "volume", "stock") == {"normal"}
    assert shop.play(180, times=hourly) == []
    (alert, *_) = shop.play(10, times={"stock": 0.0})
    assert (alert.flow_id, alert.signal) == ("stock", "volume")


def test_promises_of_an_old_schedule_are_dropped(shop: Shop) -> None:
    shop.tell(promise(60), changed(**SCHEDULE))
    assert shop.play(120, times={"orders-uk": 0.0}) == []


def test_promises_of_the_new_schedule_are_kept_strictly(shop: Shop) -> None:
    shop.tell(changed(**SCHEDULE), promise(60))
    (alert, *_) = shop.play(90, times={"orders-uk": 0.0})
    assert alert.signal == "silence"
    assert "after schedule hourly was modified by ana." in alert.explanation


@pytest.mark.parametrize("minute", [-3000, -1500])
def test_a_change_of_days_ago_is_history(shop: Shop, minute: int) -> None:
    shop.tell(changed(minute))
    (alert, *_) = shop.play(30, times={"orders-uk": 2.0})
    assert "deployed" not in alert.explanation
