"""Generated requests against the whole engine in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis

from schemas.openapi import edge
from tests.fuzz.http import Endpoint, endpoints


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Endpoint]]:
    with endpoints(tmp_path_factory.mktemp("server")) as found:
        yield found


def test_every_endpoint_answers_as_documented(asked: list[Endpoint]):
    for endpoint in asked:
        cases = 100 if endpoint.operation.body else 10
        endpoint.attack(cases, 1, lambda: None)
        assert endpoint.statuses.total() == cases
    assert {one.operation.label: one.undocumented for one in asked if one.undocumented} == {}
    assert {202, 400, 401, 422} <= set(asked[0].statuses)
    (webhooks,) = (one for one in asked if "webhooks" in one.operation.label)
    assert {202, 401, 422} <= set(webhooks.statuses)


def test_a_status_that_is_not_documented_is_seen(asked: list[Endpoint]):
    document = edge()
    del document["paths"]["/v1/events"]["post"]["responses"]["401"]
    operation = schemathesis.openapi.from_dict(document)["/v1/events"]["POST"]
    events = Endpoint(operation, asked[0].url)
    events.attack(40, 1, lambda: None)
    assert events.statuses[401] > 0
    assert len(events.undocumented) == events.statuses[401]
