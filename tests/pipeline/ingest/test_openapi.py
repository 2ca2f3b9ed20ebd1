"""The OpenAPI document beside the application it describes."""

from __future__ import annotations

import json

from pipeline.ingest import problems
from pipeline.ingest.problems import FailedError, RefusedError
from schemas.openapi import edge
from tests.pipeline.ingest.edge import serve


async def test_it_is_served_to_anyone():
    async with serve(tokens={"shop": "t0ken"}) as served:
        response = await served.client.get("/openapi.json")
        assert response.json() == json.loads(json.dumps(edge()))


async def test_it_names_every_path():
    async with serve() as served:
        for path in edge()["paths"]:
            assert (await served.client.get(path)).status_code in (200, 405), path


def test_it_names_every_refusal_but_that_of_a_defect():
    refusals = {each for each in vars(problems).values() if isinstance(each, type)}
    statuses = {str(each.status.value) for each in refusals if issubclass(each, RefusedError)}
    documented = edge()["paths"]["/v1/events"]["post"]["responses"]
    assert statuses - {str(FailedError.status.value)} == documented.keys() - {"202"}
