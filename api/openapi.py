"""The OpenAPI 3.1 document, made from the operations and the types that validate; nothing is written twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec

from api.errors import PROBLEM_TYPE, TITLES
from api.operation import JSON, Answer, Auth, Operation
from api.shapes import Problem
from api.stream_schema import stream_schemas

METHODS = ("options", "get", "head", "post", "put", "patch", "delete")
_REF = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_WHOLE_REST = re.compile(r":path\}")  # How Falcon writes a part that may have slashes.
PROBLEM_SUMMARIES = {
    400: "The request was not understood",
    401: "No valid credentials",
    403: "The request came from another site, or the password is wrong (`wrong_password`)",
    404: "Not there, or not yours",
    409: "It does not fit what is there",
    412: "Another version of tus",
    413: "Too large",
    415: "Another media type is needed",
    416: "The range lies outside the file",
    422: "Understood, but not acceptable",
    423: "Somebody else is at it",
    429: "Too many attempts",
    460: "The checksum does not match",
    503: "Busy; nothing was confirmed",
    507: "No room left",
}


def document(routes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """OpenAPI 3.1.0 as builtins."""
    found = [
        (_WHOLE_REST.sub("}", path), method, spec) for path, resource in routes for method, spec in operations(resource)
    ]
    types = _types(spec for _, _, spec in found)
    paths: dict[str, Any] = {}
    for path, method, spec in found:
        paths.setdefault(path, {})[method] = _operation(path, method, spec)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom",
            "version": version("strongroom"),
            "description": "Keeps what a person tells an assistant, encrypted under a key that only that person's "
            "password opens. Every write answers with `position`, its place in the log.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(types),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-strongroom"},
                "operator": {"type": "http", "scheme": "bearer", "description": "The operator's token."},
            },
        },
    }


def operations(resource: Any) -> Iterator[tuple[str, Operation]]:
    """(method in lower case, what it does) of a resource."""
    for method in METHODS:
        spec = getattr(getattr(resource, f"on_{method}", None), "operation", None)
        if isinstance(spec, Operation):
            yield method, spec


def _types(specs: Iterable[Operation]) -> list[Any]:
    found: dict[str, Any] = {"Problem": Problem}
    for spec in specs:
        for type_ in (spec.body, *(answer.body for answer in spec.answers.values())):
            if type_ is not None:
                found[type_.__name__] = type_
    return list(found.values())


def _schemas(types: list[Any]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for schema in schemas.values():
        if schema.get("additionalProperties") is not False:
            _send_defaults(schema)
    schemas["ProblemCode"] = {
        "title": "ProblemCode",
        "description": "Stable: what a program may act on.",
        "type": "string",
        "enum": sorted(TITLES),
    }
    for name in schemas.keys() & {"Problem", "RejectedFile"}:
        schemas[name]["properties"]["code"] = {"$ref": _REF.format(name="ProblemCode")}
    return schemas | stream_schemas(_REF)


def _send_defaults(schema: dict[str, Any]) -> None:
    """In an answer, what has a default is there nevertheless: only what may be unset is left out."""
    properties = schema.get("properties", {})
    required = set(schema.get("required", ())) | {name for name, each in properties.items() if "default" in each}
    if properties:
        schema["required"] = [name for name in properties if name in required]
    for each in properties.values():
        each.pop("default", None)


_SECURITY: dict[Auth, list[dict[str, list[str]]]] = {
    "none": [],
    "session": [{"bearer": []}, {"cookie": []}],
    "operator": [{"operator": []}],
}


def _operation(path: str, method: str, spec: Operation) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", f"{method} {path}").strip("_")
    out: dict[str, Any] = {
        "operationId": name,
        "summary": spec.summary,
        "parameters": list(_parameters(path, method, spec)),
        "responses": {str(status): _answer(answer) for status, answer in sorted(spec.answers.items())}
        | {str(status): _problem(status) for status in sorted(spec.problems)},
        "security": _SECURITY[spec.auth],
    }
    if spec.auth == "session":
        out["x-access"] = spec.access
    if spec.description:
        out["description"] = spec.description
    if spec.body is not None:
        out["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": {"$ref": _REF.format(name=spec.body.__name__)}}},
        }
    elif spec.uploads:
        out["requestBody"] = {
            "required": spec.body_required,
            "content": {kind: _upload(kind) for kind in spec.uploads},
        }
    return out


def _upload(media_type: str) -> dict[str, Any]:
    if media_type != "multipart/form-data":
        return {"schema": {"type": "string", "format": "binary"}}
    identifier = {"type": "string", "format": "uuid"}
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    properties = {"chat_id": identifier, "message_id": identifier, "files": files}
    return {"schema": {"type": "object", "properties": properties, "required": ["files"]}}


def _parameters(path: str, method: str, spec: Operation) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(path):
        shape = dict(spec.path_parts.get(name, {"type": "string", "format": "uuid"}))
        yield {"name": name, "in": "path", "required": True, "schema": shape}
    schema = msgspec.json.schema(spec.query)
    properties = next(iter(schema["$defs"].values()))["properties"]
    for name, property_ in properties.items():
        shape = _without_null(property_)
        description = shape.pop("description", None)
        parameter = {"name": name, "in": "query", "required": False, "schema": shape}
        yield parameter | ({"description": description} if description else {})
    for field in spec.headers:
        yield {
            "name": field.name,
            "in": "header",
            "required": field.required,
            "description": field.description,
            "schema": dict(field.schema),
        }
    if method == "post":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key and body again gives the same answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        }


def _without_null(property_: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is there or not; it cannot be null."""
    shape = {key: value for key, value in property_.items() if not (key == "default" and value is None)}
    if "enum" in shape:
        shape["enum"] = [value for value in shape["enum"] if value is not None]
    variants = [variant for variant in shape.pop("anyOf", []) if variant.get("type") != "null"]
    for variant in variants:
        shape |= variant
    return shape


def _answer(answer: Answer) -> dict[str, Any]:
    out: dict[str, Any] = {"description": answer.summary}
    if answer.headers:
        out["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    if answer.body is not None:
        out["content"] = {answer.media_type: {"schema": {"$ref": _REF.format(name=answer.body.__name__)}}}
        out["content"] |= {media_type: {"schema": {"type": "string"}} for media_type in answer.also}
    elif answer.media_type.startswith("text/"):
        out["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    elif answer.media_type != JSON:
        # A stored file has whatever type it has.
        out["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return out


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": PROBLEM_SUMMARIES[status],
        "content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
