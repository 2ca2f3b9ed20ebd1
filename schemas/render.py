"""The contracts as files for others: JSON Schema of every event, AsyncAPI, OpenAPI.

``python -m schemas.render`` writes them to ``schemas/json/``; a test fails when they lag behind
the models. What JSON Schema cannot say is said in the description of the AsyncAPI document.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from schemas import openapi
from schemas.alerts import AlertEvent
from schemas.cloudevents import Envelope
from schemas.events import DATA_BY_TYPE, event_model
from schemas.openapi import BATCH, EVENT, Plain
from schemas.signals import SignalEvent

FOLDER = Path(__file__).parent / "json"

_ABOUT = """\
CogentAI reads the events topic and writes the others.

Output topics are written in transactions: read them with isolation_level=read_committed, or you \
will also see records that were taken back.

Beyond what the schemas say: an integer is written without a fraction (1.0 is refused); instants \
carry an offset and lie between 2000 and 2100; documents nest at most 32 deep. The same source and \
id twice is one event. Fields that are not named here are kept, and ignored."""

_TOPICS = {
    "events": "patchworks.events.v1",
    "signals": "cogentai.signals.v1",
    "alerts": "cogentai.alerts.v1",
    "dead-letters": "patchworks.dead-letters.v1",
}
"""Channels by name, and the address each has unless the settings say otherwise."""

_CONTENTS = {
    "events": f"""\
Events about flows. Key: tenant:flow_id; an event without a flow goes to every partition. A record \
holds one structured event, or a batch of one partition (header content-type: {BATCH}).""",
    "signals": f"Verdicts on closed windows, in batches (header content-type: {BATCH}).",
    "alerts": "Alerts, one a record. Key: tenant:flow_id.",
    "dead-letters": """\
Input that could not be applied, byte for byte with its key and headers; the headers \
cogentai.error.* say where it stood and what is wrong with it.""",
}


def documents() -> dict[str, dict[str, Any]]:
    """Return every rendered document by its file name.

    >>> documents()["cogent.flow.run.json"]["$id"]
    'urn:cogentai:schema:cogent.flow.run'
    """
    types = {"events": list(DATA_BY_TYPE), "signals": ["cogent.signal"], "alerts": ["cogent.alert"]}
    models = {type_: event_model(type_) for type_ in DATA_BY_TYPE}
    models |= {"cogent.signal": SignalEvent, "cogent.alert": AlertEvent}
    schemas = {f"{type_}.json": _json_schema(type_, model) for type_, model in models.items()}
    apis = {
        "asyncapi.json": _asyncapi(types),
        "openapi.json": openapi.edge(),
        "openapi.health.json": openapi.health(),
    }
    return {**schemas, **apis}


def main() -> None:
    """Write every document to its file."""
    for name, document in documents().items():
        (FOLDER / name).write_text(as_text(document), encoding="utf-8")


def as_text(document: dict[str, Any]) -> str:
    """Write a document the way the files are written."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _json_schema(type_: str, model: type[Envelope]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=Plain)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:cogentai:schema:{type_}",
        **schema,
    }


def _asyncapi(types: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "CogentAI engine", "version": "1.0.0", "description": _ABOUT},
        "defaultContentType": EVENT,
        "channels": {
            name: {
                "address": address,
                "description": _CONTENTS[name],
                "messages": {
                    type_: {"$ref": f"#/components/messages/{type_}"}
                    for type_ in types.get(name, [])
                },
            }
            for name, address in _TOPICS.items()
        },
        "operations": {
            name: {
                "action": "receive" if name == "events" else "send",
                "channel": {"$ref": f"#/channels/{name}"},
            }
            for name in _TOPICS
        },
        "components": {
            "messages": {type_: _message(type_) for group in types.values() for type_ in group}
        },
    }


def _message(type_: str) -> dict[str, Any]:
    return {
        "name": type_,
        "contentType": EVENT,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{type_}.json"},
        },
    }


if __name__ == "__main__":
    main()
