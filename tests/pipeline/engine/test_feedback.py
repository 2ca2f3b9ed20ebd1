"""Verdicts on alerts: what they move, how far, and that it is said."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.engine.emissions import FlowKey
from pipeline.engine.feedback import FORGET_AFTER, HALF_LIFE, KEPT, MOST, STEP, Feedback, Verdict
from schemas.alerts import Alert
from tests.make import Event
from tests.pipeline.engine.shop import NOW, Shop, annotation

VOLUME = (0, "volume")
ORDERS = (FlowKey("acme", "orders-uk"), "volume")


def given(*alerts: str, author: str = "ana", at: int = 0, false_alarm: bool = True) -> Feedback:
    feedback = Feedback()
    for alert in alerts:
        feedback.put(VOLUME, Verdict(at, alert, author, false_alarm))
    return feedback


def test_each_false_alarm_raises_the_threshold_by_a_step() -> None:
    assert given("a", "b").raised(VOLUME, 0) == pytest.approx(2 * STEP)


def test_a_verdict_given_twice_counts_once() -> None:
    assert given("a", "a").raised(VOLUME, 0) == STEP


def test_two_people_may_judge_the_same_alert() -> None:
    feedback = given("a")
    feedback.put(VOLUME, Verdict(0, "a", "ben", false_alarm=True))
    assert feedback.raised(VOLUME, 0) == 2 * STEP


def test_who_changes_their_mind_takes_the_verdict_back() -> None:
    feedback = given("a")
    feedback.put(VOLUME, Verdict(5, "a", "ana", false_alarm=False))
    assert feedback.raised(VOLUME, 5) == 0


def test_a_real_alert_takes_a_step_back() -> None:
    feedback = given("a", "b")
    feedback.put(VOLUME, Verdict(0, "c", "ana", false_alarm=False))
    assert feedback.raised(VOLUME, 0) == pytest.approx(STEP)


def test_a_threshold_moves_within_bounds() -> None:
    assert given(*"abcdefgh").raised(VOLUME, 0) == MOST
    assert given(*"abcdefgh", false_alarm=False).raised(VOLUME, 0) == 0


def test_a_raise_fades() -> None:
    assert given("a").raised(VOLUME, HALF_LIFE) == pytest.approx(STEP / 2)


def test_the_order_in_which_verdicts_arrive_does_not_matter() -> None:
    verdicts = [Verdict(n * HALF_LIFE, f"{n}", "ana", false_alarm=n != 1) for n in range(4)]
    one, other = Feedback(), Feedback()
    for verdict in verdicts:
        one.put(VOLUME, verdict)
    for verdict in reversed(verdicts):
        other.put(VOLUME, verdict)
    assert one.raised(VOLUME, 4 * HALF_LIFE) == other.raised(VOLUME, 4 * HALF_LIFE)


def test_what_is_remembered_is_bounded() -> None:
    feedback = given(*map(str, range(3 * KEPT)))
    assert sum(len(said) for *_, said in feedback.state()["verdicts"]) == KEPT
    feedback.advance(FORGET_AFTER)
    assert feedback.state()["verdicts"] == []


def trouble(shop: Shop) -> Alert:
    """An alert about too many orders, over again afterwards."""
    (alert,) = shop.play(3, times={"orders-uk": 4.0})
    assert [a.status for a in shop.play(150)] == ["resolved"]
    return alert


def judged(alert: Alert, verdict: str = "false_alarm", **data: Any) -> Event:
    body = {"alert_fingerprint": alert.fingerprint, "alert_id": alert.id, "author": "ana"} | data
    return annotation("feedback", verdict=verdict, **body)


def test_a_verdict_moves_the_threshold_of_the_flow_and_signal_it_is_about(shop: Shop) -> None:
    alert = trouble(shop)
    shop.tell(judged(alert))
    assert shop.engine.raised_thresholds() == {ORDERS: pytest.approx(STEP, rel=0.01)}


def test_a_score_is_held_against_the_moved_threshold(shop: Shop, learned: bytes) -> None:
    shop.tell(judged(trouble(shop)))
    plain = Shop(learned)
    trouble(plain)
    for each in (shop, plain):
        each.play(5, times={"orders-uk": 2.0, "stock": 2.0})
    (moved, i), (usual, _) = shop.latest("orders-uk"), plain.latest("orders-uk")
    stock = shop.latest("stock")[1]
    before, after = usual.verdicts["volume"].score, moved.verdicts["volume"].score
    assert before[i] > 0
    assert before[i] / after[i] == pytest.approx(1 + STEP, rel=0.01)
    assert before[stock] == after[stock] > 0


def test_an_alert_says_what_verdicts_have_changed(shop: Shop) -> None:
    alert = trouble(shop)
    assert "threshold" not in alert.explanation
    shop.tell(judged(alert))
    (again, *_) = shop.play(30, times={"orders-uk": 2.0})
    assert (
        "The threshold of volume is raised by 15 % after the verdict of 02 Mar by ana."
        in again.explanation
    )


def test_a_verdict_without_an_id_is_about_the_latest_alert(shop: Shop) -> None:
    alert = trouble(shop)
    shop.tell(judged(alert, alert_id=None), judged(alert))
    assert shop.engine.raised_thresholds() == {ORDERS: pytest.approx(STEP, rel=0.01)}


def test_a_verdict_of_today_on_a_log_of_last_year_counts_from_where_the_log_is(shop: Shop) -> None:
    shop.tell(judged(trouble(shop), at=NOW + 365 * 86_400))
    assert shop.engine.raised_thresholds() == {ORDERS: STEP}


def test_a_verdict_is_of_one_tenant(shop: Shop) -> None:
    shop.tell(judged(trouble(shop)) | {"tenant": "other"})
    assert shop.engine.raised_thresholds() == {}


def test_a_verdict_on_a_flow_of_another_partition_is_let_pass(shop: Shop) -> None:
    assert shop.tell(annotation("feedback", verdict="real", alert_fingerprint="f" * 16)) == []
    assert shop.engine.raised_thresholds() == {}


def test_a_plain_fault_is_an_alert_however_many_call_it_false(shop: Shop) -> None:
    alert = trouble(shop)
    shop.tell(*(judged(alert, alert_id=f"a{n}") for n in range(10)))
    assert shop.play(15, times={"orders-uk": 0.0}) != []
