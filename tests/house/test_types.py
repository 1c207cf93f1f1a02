"""The web client is typed by the OpenAPI document, and the document says what the client needs to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.errors import TITLES
from domain.events import EVENT_TYPES
from tests.docs.openapi import TYPES, api_document, client_types
from tests.docs.test_tables import problems_of_the_code


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = api_document()["components"]["schemas"]
    return found


def stale(types: Path, made: str) -> str:
    """What to do about it; "" when the types are those of the document."""
    return "" if types.read_text() == made else "The client's types are stale: run `make types`."


def test_the_clients_types_are_those_of_the_document() -> None:
    made = client_types(api_document())
    assert not (said := stale(TYPES, made)), said
    assert [path for path in api_document()["paths"] if f'    "{path}": {{\n' not in made] == []
    assert "make types" in stale(TYPES, made.replace('"/stream"', '"/brook"'))


def test_the_document_knows_every_code_there_is(schemas: dict[str, Any]) -> None:
    assert set(TITLES) == {code for code, _ in problems_of_the_code()}
    assert schemas["ProblemCode"]["enum"] == sorted(TITLES)
    for name in ("Problem", "RejectedFile"):
        assert schemas[name]["properties"]["code"] == {"$ref": "#/components/schemas/ProblemCode"}


def test_an_answer_always_has_its_fields_but_what_may_be_unset(schemas: dict[str, Any]) -> None:
    answers = {name: schema for name, schema in schemas.items() if schema.get("additionalProperties") is not False}
    left_out = {
        (name, field)
        for name, schema in answers.items()
        for field in schema.get("properties", {}).keys() - set(schema.get("required", ()))
        if name != "StreamEvents"
    }
    assert left_out >= {("Registered", "token"), ("LoggedIn", "token"), ("Problem", "errors")}
    may_be_unset = {"token", "detail", "request_id", "errors", "factors", "passkey_options", "backup_codes"}
    may_be_unset |= {"allowCredentials", "extensions"}  # As WebAuthn has them.
    assert [pair for pair in left_out if pair[1] not in may_be_unset] == []


def test_a_request_need_not_have_what_has_a_default(schemas: dict[str, Any]) -> None:
    assert schemas["MessageRequest"]["required"] == ["content"]


def test_every_event_of_the_stream_is_described(schemas: dict[str, Any]) -> None:
    assert schemas["StreamEvents"]["properties"].keys() == {*EVENT_TYPES, "ready", "progress", "heartbeat", "end"}
