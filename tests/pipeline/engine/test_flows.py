from __future__ import annotations

from pipeline.engine.emissions import FlowKey
from pipeline.engine.flows import Flows


def two_flows() -> Flows:
    flows = Flows()
    flows.add(FlowKey("acme", "orders"), "poller", upcoming=5)
    flows.add(FlowKey("acme", "stock"), "poller", upcoming=6)
    return flows


def test_a_flow_has_one_row() -> None:
    flows = two_flows()
    assert flows.row(FlowKey("acme", "stock")) == 1
    assert flows.row(FlowKey("other", "stock")) is None
    assert len(flows) == 2


def test_flows_of_the_same_collectors_share_a_feed() -> None:
    (feed,) = two_flows().feeds_of("poller")
    assert feed.rows.tolist() == [0, 1]


def test_a_second_collector_moves_a_flow_to_a_feed_of_both() -> None:
    flows = two_flows()
    flows.fed_by(1, "webhook")
    flows.fed_by(1, "webhook")
    assert flows.collectors(1) == {"poller", "webhook"}
    assert [feed.rows.tolist() for feed in flows.feeds_of("poller")] == [[0], [1]]
    assert [feed.rows.tolist() for feed in flows.feeds_of("webhook")] == [[1]]


def test_restored_flows_are_the_same() -> None:
    flows = two_flows()
    flows.fed_by(0, "webhook")
    for i in range(40):
        flows.add(FlowKey("acme", str(i)), "poller", upcoming=i)
    again = Flows()
    again.restore(flows.state())
    assert again.state() == flows.state()
    for name in ("poller", "webhook"):
        before = [feed.rows.tolist() for feed in flows.feeds_of(name)]
        assert [feed.rows.tolist() for feed in again.feeds_of(name)] == before
    again.add(FlowKey("acme", "new"), "poller", upcoming=1)
    assert again.upcoming[: len(again)][-1] == 1
