"""What the servers answer, as OpenAPI: the edge that takes events, and health with metrics.

Source: OpenAPI 3.1.1; the three modes of a request are those of CloudEvents 1.0.2, "HTTP Protocol
Binding", section 3.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from schemas.events import DATA_BY_TYPE, event_model

BATCH = "application/cloudevents-batch+json"
EVENT = "application/cloudevents+json"
PROBLEM = "application/problem+json"

_REFUSALS = {
    400: "Not JSON, a header that is not percent-encoded UTF-8, or a body cut short.",
    401: "No valid token or signature.",
    408: "The body did not come within 30 seconds.",
    413: "The body, an event or the batch is over its cap.",
    415: "The content type is no form of CloudEvents.",
    422: "An event breaks its contract. Nothing of the batch is taken.",
    429: "Over the rate of this sender.",
    503: "The log, or the edge, cannot take more now. Send the same again.",
}
_LATER = (429, 503)
"""Refusals that say when to come again."""

_SENDERS: list[dict[str, Any]] = [{}, {"token": []}, {"signature": []}]
"""How a sender may say who it is; on the same machine it need not."""

_ABOUT_EDGE = """\
Events are durable in the log before they are acknowledged. A batch is taken whole or refused whole.

The same source and id twice is one event, so whatever was not acknowledged is sent again. What is \
no HTTP at all is answered with 400 in plain text. Beyond what the schemas say: an integer is \
written without a fraction (1.0 is refused); instants carry an offset and lie between 2000 and \
2100; documents nest at most 32 deep. Fields that are not named here are kept, and ignored."""

_ATTRIBUTES = ("id", "source", "specversion", "type", "time", "tenant")
_ABOUT_BINARY = """\
Binary mode: the body is the data, the attributes are headers, percent-encoded; underscores in \
their names are written as hyphens. Without any of these headers the body is a structured event \
or a batch, as the content type says."""


def edge() -> dict[str, Any]:
    """Describe the HTTP edge.

    >>> sorted(edge()["paths"])[-1]
    '/v1/webhooks/shopify/{name}'
    """
    health = ("/-/healthy", "/-/ready", "/livez", "/readyz")
    alive = _get("The edge answers; its log may be away all the same.", {"200": _text("ok")})
    return {
        **_head("CogentAI edge", _ABOUT_EDGE),
        "paths": {
            "/v1/events": {"post": _post_events()},
            "/v1/report": {"post": _told("Tell how a run went, from a step in its flow.")},
            "/v1/failing-run": {"post": _told("Tell of a failing run, from a flow for alerts.")},
            "/v1/webhooks/shopify/{name}": {"post": _post_webhook()},
            "/metrics": _get("Metrics of the edge.", {"200": _text("Prometheus exposition")}),
            "/openapi.json": _get("This document.", {"200": _this()}),
            **dict.fromkeys(health, alive),
        },
        "components": {
            "schemas": {**_events(), "Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks, with webhook-id and webhook-timestamp.",
                },
                "shop": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-shopify-hmac-sha256",
                    "description": "HMAC-SHA256 of the body under the app's secret, in base64.",
                },
            },
        },
    }


def health() -> dict[str, Any]:
    """Describe the server of health and metrics that every other process has.

    >>> sorted(health()["paths"]["/-/ready"]["get"]["responses"])
    ['200', '503']
    """
    alive = _get("The process runs.", {"200": _text("healthy")})
    ready = {"200": _text("ready"), "503": _text("not ready, and why")}
    return {
        **_head("CogentAI health", "What other paths and methods get is 404 and 405, plain text."),
        "paths": {
            **dict.fromkeys(("/-/healthy", "/livez"), alive),
            **dict.fromkeys(("/-/ready", "/readyz"), _get("It can do its work.", ready)),
            "/metrics": _get("Metrics.", {"200": _text("Prometheus exposition")}),
        },
    }


def _head(title: str, about: str) -> dict[str, Any]:
    return {"openapi": "3.1.1", "info": {"title": title, "version": "1.0.0", "description": about}}


def _get(summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": responses}}


def _text(about: str) -> dict[str, Any]:
    return {"description": about, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _this() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"description": "This document", "content": content}


def _post_events() -> dict[str, Any]:
    event = {"oneOf": [_reference(event_model(type_).__name__) for type_ in DATA_BY_TYPE]}
    data = {"oneOf": [_reference(model.__name__) for model in DATA_BY_TYPE.values()]}
    return {
        "summary": "Take events into the log.",
        "description": _ABOUT_BINARY,
        "security": _SENDERS,
        "parameters": [_header(f"ce-{name.replace('_', '-')}") for name in _ATTRIBUTES],
        "requestBody": _body(
            {
                EVENT: event,
                BATCH: {"type": "array", "items": event},
                "application/json": data,
            }
        ),
        "responses": _answers(_REFUSALS),
    }


def _told(summary: str) -> dict[str, Any]:
    """Describe a way in for flat JSON in words of the sender's own."""
    rows = {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}
    tenant = {"in": "query", "name": "tenant", "required": False, "schema": {"type": "string"}}
    return {
        "summary": summary,
        "description": "Names in any case; numbers may be text. The tenant may be in the body.",
        "security": _SENDERS,
        "parameters": [tenant],
        "requestBody": _body({"application/json": rows}),
        "responses": _answers(_of_any_type()),
    }


def _post_webhook() -> dict[str, Any]:
    name = {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
    headers = [_header(f"x-shopify-{each}") for each in ("topic", "webhook-id", "event-id")]
    return {
        "summary": "Take a webhook of a shop that the settings name.",
        "description": "Of the body nothing is kept but the key of what it is about.",
        "security": [{"shop": []}],
        "parameters": [name, *headers],
        "requestBody": _body({"application/json": {}}),
        "responses": _answers(_of_any_type()),
    }


def _of_any_type() -> dict[int, str]:
    return {status: about for status, about in _REFUSALS.items() if status != 415}


def _body(schemas: dict[str, Any]) -> dict[str, Any]:
    content = {media: {"schema": schema} for media, schema in schemas.items()}
    return {"required": True, "content": content}


def _answers(refusals: dict[int, str]) -> dict[str, Any]:
    accepted = {
        "type": "object",
        "required": ["accepted"],
        "properties": {"accepted": {"type": "integer", "minimum": 0}},
    }
    return {
        "202": {
            "description": "All are in the log.",
            "content": {"application/json": {"schema": accepted}},
        },
        **{str(status): _refusal(status, about) for status, about in refusals.items()},
    }


def _header(name: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": False, "schema": {"type": "string"}}


def _refusal(status: int, about: str) -> dict[str, Any]:
    content = {PROBLEM: {"schema": _reference("Problem")}}
    answer: dict[str, Any] = {"description": about, "content": content}
    if status in _LATER:
        seconds = {"type": "integer", "minimum": 1}
        answer["headers"] = {"Retry-After": {"required": True, "schema": seconds}}
    return answer


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _events() -> dict[str, Any]:
    """Schemas of every event and of its data, by the names of their models."""
    _, defined = models_json_schema(
        [(event_model(type_), "validation") for type_ in DATA_BY_TYPE],
        ref_template="#/components/schemas/{model}",
        schema_generator=Plain,
    )
    schemas: dict[str, Any] = defined["$defs"]
    return schemas


class Plain(GenerateJsonSchema):
    """Without a title for every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class names it
        return False


_FAULT = {
    "type": "object",
    "required": ["entry", "field", "kind", "reason"],
    "properties": {
        "entry": {"type": ["integer", "null"], "description": "Place in the batch, from 0."},
        "field": {"type": "string", "description": "Dotted path; empty for the whole."},
        "kind": {"type": "string"},
        "reason": {"type": "string"},
    },
}
_PROBLEM_SCHEMA = {
    "description": "What is wrong with a request (RFC 9457); at most 20 faults one by one.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "maxItems": 20, "items": _FAULT},
    },
}
