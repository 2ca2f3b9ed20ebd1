"""Every file of the corpus of bad input, sent to a real edge."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipeline.ingest.edge import EVENT, Edge, run, serve

CORPUS = Path(__file__).parents[2] / "corpus"
INDEX = json.loads((CORPUS / "index.json").read_text())


async def test_each_is_refused_with_its_reason_and_the_edge_goes_on():
    wrong = []
    async with serve(requests_per_second=10_000) as edge:
        for name, expected in INDEX.items():
            body = (CORPUS / "bad" / name).read_bytes()
            if (found := await outcome(edge, body, expected["content_type"])) != expected:
                wrong.append((name, expected, found))
            assert (await edge.post(run())).status_code == 202, name
    assert wrong == []
    assert len(edge.log.entries) == len(INDEX)


async def outcome(edge: Edge, body: bytes, media: str) -> dict[str, object]:
    response = await edge.post(body, media)
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == response.status_code
    assert len(response.content) < 10_000, "a refusal does not repeat what it refuses"
    first = said.get("errors", [{"kind": "content_type", "field": ""}])[0]
    return {
        "content_type": media,
        "kind": first["kind"],
        "field": first["field"],
        "status": response.status_code,
    }


def test_the_index_names_every_file():
    assert sorted(INDEX) == sorted(path.name for path in (CORPUS / "bad").iterdir())


async def test_a_five_megabyte_string_is_refused():
    async with serve() as edge:
        response = await edge.post(run(subject="x" * 5_000_000))
        assert response.status_code == 413
        assert (await edge.post(run())).status_code == 202


async def test_a_five_megabyte_string_is_refused_by_its_contract_where_bodies_may_be_that_large():
    async with serve(max_body_bytes=10_000_000, max_event_bytes=10_000_000) as edge:
        response = await edge.post(run(subject="x" * 5_000_000), EVENT)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "subject"
        assert len(response.content) < 1000


async def test_a_very_long_name_at_fault_is_not_repeated_at_length():
    snapshot = {"depth": 1, "by_flow": {"q" * 100_000: -1}}
    async with serve() as edge:
        response = await edge.post(run(type="cogent.queue.snapshot", data=snapshot))
        assert response.status_code == 422
        assert len(response.content) < 1000


async def test_a_secret_in_a_name_at_fault_is_not_repeated():
    snapshot = {"depth": 1, "by_flow": {"patchworks_signature=5ec2e7": -1}}
    async with serve() as edge:
        response = await edge.post(run(type="cogent.queue.snapshot", data=snapshot))
        assert response.status_code == 422
        assert "5ec2e7" not in response.text
