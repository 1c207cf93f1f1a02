"""The OpenAPI documents as one page of Markdown: every operation, then every type. Made while the site is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

Json = Mapping[str, Any]

MORE: Final = "More"
ELSEWHERE: Final = "For operators and auditors"
GROUPS: Final[Mapping[str, str]] = {
    "registration": "Accounts, sessions and tokens",
    "auth": "Accounts, sessions and tokens",
    "chats": "Chats",
    "messages": "Messages",
    "upload": "Uploads",
    "uploads": "Resumable uploads",
    "files": "Files",
    "user": "All that is yours",
    "stream": "Live updates",
    "admin": ELSEWHERE,
}
"""First part of a path below /api/v1 → what it is about."""
ACCESS: Final[Mapping[str | None, str]] = {
    None: "anybody",
    "account": "a session, and no token",
    "read": "a session, or a token that reads",
    "post": "a session, or a token that writes",
    "write": "a session, or a token that reads and writes",
    "operator": "whoever has the operator's token",
}
_BOUNDS: Final = (
    ("minLength", "at least {} long"),
    ("maxLength", "at most {} long"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("minimum", "{} and more"),
    ("maximum", "up to {}"),
)


def reference(*documents: Json) -> str:
    """Markdown, from the second level of headings on. A document's operations have the prefix of its server."""
    return "".join([*_operations(documents), "\n## Types\n", *_types(documents)])


def anchor(method: str, path: str) -> str:
    """Where an operation stands on the page, for example `get-api-v1-files-file-id`."""
    return re.sub(r"[\W_]+", "-", f"{method} {path}").strip("-").lower()


def listed(documents: Iterable[Json]) -> Iterator[tuple[str, str, str, Json]]:
    """(group, method, whole path, operation), in the order of the documents."""
    for document in documents:
        prefix = document["servers"][0]["url"].rstrip("/")
        for path, methods in document["paths"].items():
            group = GROUPS.get(path.split("/")[1], MORE) if prefix else ELSEWHERE
            yield from ((group, method, prefix + path, spec) for method, spec in methods.items())


def _operations(documents: Iterable[Json]) -> Iterator[str]:
    order = [*dict.fromkeys(GROUPS.values()), MORE]
    for group, members in groupby(
        sorted(listed(documents), key=lambda each: order.index(each[0])), lambda each: each[0]
    ):
        yield f"\n## {group}\n"
        for _, method, path, spec in members:
            yield from _operation(method, path, spec)


def _operation(method: str, path: str, spec: Json) -> Iterator[str]:
    yield f"\n({anchor(method, path)})=\n\n### {spec['summary']}\n\n`{method.upper()} {path}`\n"
    if "description" in spec:
        yield f"\n{spec['description']}\n"
    yield f"\n**Who may:** {_who(spec)}.\n"
    yield from _parameters(spec["parameters"])
    yield from _body(spec.get("requestBody"))
    yield from _answers(spec["responses"])


def _who(spec: Json) -> str:
    if any("operator" in way for way in spec["security"]):
        return ACCESS["operator"]
    return ACCESS[spec.get("x-access")]


def _parameters(parameters: Iterable[Json]) -> Iterator[str]:
    rows = [
        (f"`{each['name']}`", each["in"], _shape(each["schema"]), _need(each["required"]), each.get("description", ""))
        for each in parameters
    ]
    if rows:
        yield _table(("parameter", "in", "what it is", "needed", "meaning"), rows)


def _body(body: Json | None) -> Iterator[str]:
    if body is None:
        return
    yield f"\n**Body**{'' if body['required'] else ', which may be missing'}:\n"
    for media_type, content in body["content"].items():
        yield f"\n- `{media_type}`: {_shape(content['schema'])}"
    yield "\n"


def _answers(responses: Json) -> Iterator[str]:
    good = [(status, answer) for status, answer in responses.items() if int(status) < 400]
    rows = [(f"`{status}`", answer["description"], _content(answer), _headers(answer)) for status, answer in good]
    yield _table(("answer", "when", "body", "headers"), rows)
    problems = [f"`{status}` {answer['description']}" for status, answer in responses.items() if int(status) >= 400]
    if problems:
        yield f"\n**Refusals**, each a [Problem](#type-problem): {' · '.join(problems)}.\n"


def _content(answer: Json) -> str:
    kinds = answer.get("content", {})
    return "; ".join(f"`{media_type}`: {_shape(each['schema'])}" for media_type, each in kinds.items()) or "–"


def _headers(answer: Json) -> str:
    return ", ".join(f"`{name}`" for name in answer.get("headers", {})) or "–"


# -- types -------------------------------------------------------------------------------------------------------


def _types(documents: Iterable[Json]) -> Iterator[str]:
    found: dict[str, Json] = {}
    for document in documents:
        found |= document["components"]["schemas"]
    for name in sorted(found):
        yield from _type(name, found[name])


def _type(name: str, schema: Json) -> Iterator[str]:
    yield f"\n(type-{name.lower()})=\n\n### {name}\n"
    if "description" in schema:
        yield f"\n{schema['description']}\n"
    if schema.get("type") == "object" and schema.get("properties"):
        yield _fields(schema)
    else:
        yield f"\n{_shape(schema)}\n"


def _fields(schema: Json) -> str:
    required = schema.get("required", ())
    rows = [
        (f"`{name}`", _shape(each), _need(name in required), _meaning(each))
        for name, each in schema["properties"].items()
    ]
    return _table(("field", "what it is", "needed", "meaning"), rows)


def _meaning(schema: Json) -> str:
    said: str = schema.get("description", "")
    default = schema.get("default")
    if default in (None, [], ""):
        return said
    return f"{said} Unless given: `{default}`.".strip()


def _need(required: object) -> str:
    return "yes" if required else "no"


def _shape(schema: Json) -> str:
    """In words, for a cell of a table."""
    match schema:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#type-{name.lower()})"
        case {"anyOf": [*variants]}:
            return " or ".join(_shape(each) for each in variants)
        case {"enum": [*values]}:
            return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)
        case {"type": "array", **rest}:
            return f"list of {_shape(rest.get('items', {}))}{_bounds(schema)}"
        case {"type": "object", "properties": {}}:
            fields = schema["properties"].items()
            return "object of " + ", ".join(f"`{name}` ({_shape(each)})" for name, each in fields)
        case {"type": "null"}:
            return "null"
        case {"format": "uuid"}:
            return "id"
        case {"format": "date-time"}:
            return "time"
        case {"format": "binary"}:
            return "bytes"
        case {"type": str(kind)}:
            return kind + _bounds(schema)
        case _:
            return "anything"


def _bounds(schema: Json) -> str:
    told = [words.format(f"{schema[name]:,}") for name, words in _BOUNDS if name in schema]
    if "pattern" in schema:
        told.append(f"like `{schema['pattern']}`")
    return f" ({', '.join(told)})" if told else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in cells)
