"""The OpenAPI document, and a page to browse it: plain HTML without a script, so the strictest CSP holds."""

from __future__ import annotations

from html import escape
from typing import Any

import falcon.asgi

CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class ApiDocument:
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.data = self._data
        resp.content_type = "application/json"
        resp.set_header("Cache-Control", "no-cache")


class Manual:
    """Every operation with its parameters, body and answers; folded, and searchable with the browser's own search."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._data = _page(document).encode()

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.data = self._data
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", CSP)
        resp.set_header("Cache-Control", "no-cache")


def _page(document: dict[str, Any]) -> str:
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'><title>Strongroom API</title>",
        f"<h1>{escape(document['info']['title'])} API</h1><p>{escape(document['info']['description'])}</p>",
        "<p><a href='openapi.json'>openapi.json</a> · base path <code>/api/v1</code></p><h2>Operations</h2>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(path, method, operation))
    parts.append("<h2>Types</h2>")
    for name, schema in document["components"]["schemas"].items():
        parts.append(f"<h3 id='{escape(name)}'>{escape(name)}</h3>{_fields(schema)}")
    return "".join(parts) + "</html>"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code><td>{escape(item['in'])}<td>{_type(item['schema'])}"
        f"<td>{escape(item.get('description', ''))}"
        for item in operation["parameters"]
    )
    body = "".join(
        f"<li>{escape(kind)}: {_type(content['schema'])}"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(_answer(status, answer) for status, answer in operation["responses"].items())
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> — {escape(operation['summary'])}"
        f"</summary><p>{escape(operation.get('description', ''))}</p>"
        + (f"<table><tr><th>name<th>in<th>type<th>{rows}</table>" if rows else "")
        + (f"<p>Body</p><ul>{body}</ul>" if body else "")
        + f"<p>Answers</p><ul>{answers}</ul></details>"
    )


def _answer(status: str, answer: dict[str, Any]) -> str:
    shown = "".join(f" {_type(content['schema'])}" for content in answer.get("content", {}).values())
    return f"<li><b>{status}</b> {escape(answer['description'])}{shown}"


def _fields(schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{_type(field)}<td>{escape(field.get('description', ''))}"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<p>{escape(schema.get('description', ''))}</p><table>{rows}</table>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_type(variant) for variant in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = str(schema.get("type", "any"))
    return escape(f"{kind} ({schema['format']})" if "format" in schema else kind)
