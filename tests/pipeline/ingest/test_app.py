from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from pipeline.log.base import LogUnavailableError
from tests.pipeline.ingest.edge import BATCH, NOW, Edge, run, serve

SECRET = "5ec2e7"


def problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return body


async def test_an_event_is_acknowledged_and_in_the_log():
    async with serve() as edge:
        response = await edge.post(run())
        assert (response.status_code, response.json()) == (202, {"accepted": 1})
        (entry,) = edge.log.entries
        assert entry.key == "acme:orders"


async def test_what_people_tell_of_no_single_flow_goes_to_every_partition():
    verdict = {"kind": "feedback", "verdict": "real", "alert_fingerprint": "f", "alert_id": "a"}
    async with serve() as edge:
        response = await edge.post(run(type="cogent.annotation", data=verdict))
        assert response.status_code == 202
        (entry,) = edge.log.entries
        assert entry.key is None


async def test_a_change_of_a_flow_goes_to_the_partition_of_the_flow():
    change = {"object": "version", "object_id": "7", "change": "deployed", "flow_id": "orders"}
    async with serve() as edge:
        await edge.post(run(type="cogent.config.changed", data=change))
        assert [entry.key for entry in edge.log.entries] == ["acme:orders"]


async def test_an_event_is_stamped_with_collector_and_time_of_observation():
    async with serve(collector="edge-1") as edge:
        await edge.post(run(collector=None))
        assert edge.log.events == [
            run(collector="edge-1", observed_at=NOW.isoformat(timespec="seconds"))
        ]


async def test_what_an_event_says_of_its_collector_stands():
    own = run(collector="poller-7", observed_at="2026-03-02T10:00:01Z")
    async with serve() as edge:
        await edge.post(own)
        assert edge.log.events == [own]


async def test_the_rest_of_an_event_stays_byte_for_byte():
    raw = b'{"unnamed": {"of":\t["\xc3\xa9", "\\u00e9", 1.50, 1e999, %b]},' % (b"9" * 5000)
    raw += json.dumps(run(), indent=3).encode()[1:]
    async with serve() as edge:
        assert (await edge.post(raw)).status_code == 202
        assert edge.log.entries[0].value.startswith(raw[:-1] + b",")


async def test_an_event_without_a_flow_has_no_key():
    snapshot = run(type="cogent.queue.snapshot", data={"depth": 3})
    async with serve() as edge:
        await edge.post(snapshot)
        assert edge.log.entries[0].key is None


async def test_a_batch_is_taken_in_order():
    batch = [run(id=str(n)) for n in range(50)]
    async with serve() as edge:
        response = await edge.post(batch, BATCH)
        assert response.json() == {"accepted": 50}
        assert [event["id"] for event in edge.log.events] == [event["id"] for event in batch]


async def test_a_batch_is_refused_whole_naming_every_bad_entry():
    bad_state = run(data={"run_id": "1", "flow_id": "orders", "state": "done"})
    async with serve() as edge:
        response = await edge.post([run(), bad_state, run(), run(time="soon")], BATCH)
        said = problem(response)
        assert response.status_code == 422
        assert said["detail"].startswith("entry 1: data.state must be one of queued, running")
        assert [(e["entry"], e["field"], e["kind"]) for e in said["errors"]] == [
            (1, "data.state", "choice"),
            (3, "time", "instant"),
        ]
        assert edge.log.entries == []


async def test_malformed_json_is_told_from_a_broken_contract():
    async with serve() as edge:
        assert problem(await edge.post(b'{"id": NaN}'))["status"] == 400
        assert problem(await edge.post(b"{}"))["status"] == 422


async def test_binary_mode_puts_attributes_and_data_together():
    event = run()
    headers = {f"ce-{k}": v for k, v in event.items() if k != "data"}
    headers |= {"ce-collector": "caf%C3%A9", "ce-observed-at": "2026-03-02T10:00:01Z"}
    async with serve() as edge:
        response = await edge.post(event["data"], "application/json", **headers)
        assert response.status_code == 202
        assert edge.log.events == [
            {
                **event,
                "datacontenttype": "application/json",
                "collector": "café",
                "observed_at": "2026-03-02T10:00:01Z",
            }
        ]


async def test_data_in_binary_mode_cannot_overrule_the_attributes():
    event = run()
    headers = {f"ce-{k}": v for k, v in event.items() if k != "data"}
    async with serve() as edge:
        body = json.dumps(event["data"]).encode() + b',"tenant":"other","more":{}'
        assert problem(await edge.post(body, "application/json", **headers))["status"] == 400
        assert edge.log.entries == []


async def test_a_missing_attribute_in_binary_mode_is_named():
    headers = {f"ce-{k}": v for k, v in run().items() if k not in ("data", "id")}
    async with serve() as edge:
        said = problem(await edge.post(run()["data"], "application/json", **headers))
        assert (said["status"], said["errors"][0]["field"]) == (422, "id")


async def test_an_attribute_in_binary_mode_must_be_percent_encoded_utf8():
    headers = {f"ce-{k}": v for k, v in run(subject="%FF%FE").items() if k != "data"}
    async with serve() as edge:
        said = problem(await edge.post(run()["data"], "application/json", **headers))
        assert (said["status"], "ce-subject" in said["detail"]) == (400, True)


async def test_nothing_is_acknowledged_before_it_is_durable():
    async with serve() as edge:
        edge.log.open.clear()
        posting = asyncio.create_task(edge.post(run()))
        await edge.log.asked.wait()
        done, _ = await asyncio.wait([posting], timeout=0.1)
        assert not done
        edge.log.open.set()
        assert (await posting).status_code == 202


async def test_a_log_that_is_away_is_told_to_the_sender_who_may_come_again():
    async with serve() as edge:
        edge.log.failure = LogUnavailableError("no broker at sasl://user:pass@host")
        response = await edge.post(run())
        assert problem(response)["status"] == 503
        assert int(response.headers["retry-after"]) > 0
        assert "pass" not in response.text
        edge.log.failure = None
        assert (await edge.post(run())).status_code == 202


async def test_too_many_requests_in_flight_are_turned_away():
    async with serve(max_in_flight=2) as edge:
        edge.log.open.clear()
        waiting = [asyncio.create_task(edge.post(run(id=str(n)))) for n in range(2)]
        while await metric(edge, "cogentai_ingest_in_flight") < 2:
            pass
        response = await edge.post(run())
        assert problem(response)["status"] == 503
        assert int(response.headers["retry-after"]) > 0
        edge.log.open.set()
        assert [r.status_code for r in await asyncio.gather(*waiting)] == [202, 202]
        assert (await edge.post(run())).status_code == 202


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        ({"max_body_bytes": 1000}, [run(note="x" * 1000)]),
        ({"max_event_bytes": 500}, [run(), run(note="x" * 500)]),
        ({"max_batch_events": 2}, [run(), run(), run()]),
    ],
)
async def test_what_is_too_large_is_refused(limit: dict[str, int], body: Any):
    async with serve(**limit) as edge:
        response = await edge.post(body, BATCH)
        assert problem(response)["status"] == 413
        assert edge.log.entries == []


async def test_a_body_of_unannounced_length_is_cut_off_at_the_cap():
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 65_536
            yield b"x" * 65_536

    async with serve() as edge:
        with suppress(httpx.TransportError):  # the sender may be cut off before it can listen
            headers = {"content-type": BATCH}
            response = await edge.client.post("/v1/events", content=endless(), headers=headers)
            assert problem(response)["status"] == 413
        assert sent < 40_000_000
        assert await metric(edge, 'cogentai_ingest_requests_total{code="413"}') == 1
        assert (await edge.post(run())).status_code == 202


async def test_a_sender_of_a_moderately_large_body_gets_to_read_the_answer():
    async with serve(max_body_bytes=100_000) as edge:
        for _ in range(20):
            assert problem(await edge.post(b"x" * 700_000))["status"] == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/events", 405), ("POST", "/v1/nothing", 404), ("PUT", "/metrics", 405)],
)
async def test_what_goes_nowhere_is_told_so_in_the_same_shape(method: str, path: str, status: int):
    async with serve() as edge:
        assert problem(await edge.client.request(method, path))["status"] == status


async def test_a_defect_is_answered_without_its_details_and_the_edge_goes_on():
    async with serve() as edge:
        edge.log.failure = RuntimeError(SECRET)
        response = await edge.post(run())
        assert problem(response)["status"] == 500
        assert SECRET not in response.text
        edge.log.failure = None
        assert (await edge.post(run())).status_code == 202


async def test_a_client_that_goes_away_does_no_harm():
    async with serve() as edge:
        host, port = edge.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{")
        await writer.drain()
        while await metric(edge, "cogentai_ingest_in_flight") < 1:
            pass
        writer.transport.abort()
        while await metric(edge, "cogentai_ingest_in_flight") > 0:
            pass
        assert (await edge.post(run())).status_code == 202


async def test_a_patchworks_signature_is_neither_kept_nor_said_nor_logged():
    event = run(
        hook=f"https://hooks/acme/1?patchworks_signature={SECRET}",
        headers={"Patchworks-Signature": SECRET, "accept": "json"},
        data={
            "run_id": "8841", "flow_id": "orders", "state": "failure",
            "summary": f"GET /1?a=1&PATCHWORKS_SIGNATURE={SECRET}&b=2 failed",
        },
    )  # fmt: skip
    hidden = json.dumps(event).replace("patchworks_", r"patchworks\u005f").encode()
    with capture_logs() as lines:
        async with serve() as edge:
            answers = [await edge.post(event), await edge.post(hidden)]
            answers.append(await edge.post({**event, "time": f"patchworks_signature={SECRET}"}))
            answers.append(await edge.client.get("/metrics"))
            kept = edge.log.entries
    assert [answer.status_code for answer in answers] == [202, 202, 422, 200]
    assert not any(SECRET.encode() in entry.value for entry in kept)
    assert not any(SECRET in answer.text for answer in answers)
    assert SECRET not in str(lines)
    summary = json.loads(kept[0].value)["data"]["summary"]
    assert summary == "GET /1?a=1&PATCHWORKS_SIGNATURE=[redacted]&b=2 failed"


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/livez", "/readyz"])
async def test_health_needs_no_token(path: str):
    async with serve(tokens={"shop": "t0ken"}) as edge:
        assert (await edge.client.get(path)).status_code == 200


async def test_events_and_requests_are_counted():
    async with serve() as edge:
        await edge.post([run(), run()], BATCH)
        await edge.post(b"{}")
        await edge.post(b"{}", "text/plain")
        assert await metric(edge, 'cogentai_ingest_events_total{sender="local"}') == 2
        for code in (202, 422, 415):
            assert await metric(edge, f'cogentai_ingest_requests_total{{code="{code}"}}') == 1


async def metric(edge: Edge, name: str) -> float:
    lines = (await edge.client.get("/metrics")).text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))
