from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from pipeline.settings import KafkaSettings
from schemas.alerts import AlertEvent
from schemas.decode import decode_event
from schemas.events import DATA_BY_TYPE
from schemas.render import FOLDER, as_text, documents
from schemas.signals import SignalEvent
from schemas.validate import validate_event

TYPES = [*DATA_BY_TYPE, "cogent.signal", "cogent.alert"]


def validator(type_: str) -> Draft202012Validator:
    schema = documents()[f"{type_}.json"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_committed_files_are_what_the_models_say():
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    rendered = {name: as_text(document) for name, document in documents().items()}
    assert committed == rendered, "run `make schemas`"


def test_every_contract_has_an_example(examples):
    assert sorted(examples) == sorted(TYPES)


@pytest.mark.parametrize("type_", TYPES)
def test_an_example_satisfies_its_json_schema(type_: str, examples: dict[str, Any]):
    validator(type_).validate(examples[type_])


@pytest.mark.parametrize("type_", DATA_BY_TYPE)
def test_the_example_of_an_event_is_accepted_and_fills_every_field(type_: str, examples):
    raw = json.dumps(examples[type_]).encode()
    event = validate_event(raw)
    assert decode_event(raw).id == event.id
    assert json.loads(event.model_dump_json(by_alias=True)).keys() == examples[type_].keys()
    assert set(examples[type_]["data"]) == set(event.model_dump(by_alias=True)["data"])


def test_the_examples_of_outputs_parse(examples):
    SignalEvent.model_validate_json(json.dumps(examples["cogent.signal"]))
    AlertEvent.model_validate_json(json.dumps(examples["cogent.alert"]))


@pytest.mark.parametrize("change", [{"state": "done"}, {"records_in": -1}, {"run_id": ""}])
def test_the_json_schema_refuses_what_the_models_refuse(change: dict[str, Any], examples):
    event = examples["cogent.flow.run"]
    event["data"] |= change
    with pytest.raises(ValidationError):
        validator("cogent.flow.run").validate(event)


def test_the_channels_are_the_topics_of_the_settings():
    kafka = KafkaSettings()
    addresses = {c["address"] for c in documents()["asyncapi.json"]["channels"].values()}
    assert addresses == {
        kafka.events_topic,
        kafka.signals_topic,
        kafka.alerts_topic,
        kafka.dead_letters_topic,
    }


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    document = documents()["asyncapi.json"]
    for reference in references(document):
        if reference.startswith("#/"):
            place: Any = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]
        else:
            assert (FOLDER / reference).is_file()


def test_readers_of_the_output_topics_are_told_how():
    assert "isolation_level=read_committed" in documents()["asyncapi.json"]["info"]["description"]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    return []
