"""What `GET /stream` tells, as JSON Schema: made from the events, as `service/reading/stream_events.py` tells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, get_args

import msgspec

from domain.events import (
    EVENT_TYPES,
    AccountEvent,
    ChatEvent,
    ExportEvent,
    FileEvent,
    MessageEvent,
    SessionEvent,
    TokenEvent,
)
from service.reading.stream import EndReason
from service.reading.stream_events import NAMES, SUBJECTS
from service.reading.views import Id, Time

SCHEMA_NAME: Final = "StreamEvents"
_SUBJECTS: Final[Mapping[str, Any]] = {
    "account": AccountEvent,
    "session": SessionEvent,
    "token": TokenEvent,
    "export": ExportEvent,
    "chat": ChatEvent,
    "message": MessageEvent,
    "file": FileEvent,
}
_STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "message": ("sent", "delivered", "read", "error"),
    "file": ("processing", "ready", "error", "deleted"),
}
_POSITION: Final[Mapping[str, Any]] = {"type": "integer"}


def stream_schemas(ref_template: str) -> dict[str, Any]:
    """Component schemas: `StreamEvents`, an object that has for each `event` the schema of its `data`, and what that
    refers to."""
    _, components = msgspec.json.schema_components(EVENT_TYPES.values(), ref_template=ref_template)
    told = {name: _told(components, kind, name) for kind, name in _kinds()}
    told |= {"ready": _object({"position": _POSITION}), "progress": _progress()}
    told |= {"heartbeat": _object({}), "end": _end()}
    schema = _object(told, required=())
    schema["description"] = "For each event of `GET /stream`, by its name, what its `data` holds."
    private = {_private(component) for component in components.values()}
    rest = {name: each for name, each in components.items() if name not in EVENT_TYPES and name not in private}
    return {SCHEMA_NAME: schema, **rest}


def _kinds() -> Iterator[tuple[str, str]]:
    """(kind of stream, type of event) of every event."""
    for kind, union in _SUBJECTS.items():
        yield from ((kind, event.__name__) for event in get_args(union) or (union,))


def _told(components: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    """Private fields may be missing: `forgotten` says that their key is gone."""
    public = dict(components[name]["properties"])
    public.pop("private", None)
    private = _private(components[name])
    hidden = {} if private is None else components[private]["properties"]
    position_and_subject = {"position": _POSITION, "at": _schema(Time), SUBJECTS[kind]: _schema(Id)}
    properties = {**_renamed(public), **position_and_subject}
    if kind in _STATUSES:
        properties["status"] = {"enum": list(_STATUSES[kind])}
    optional = _renamed(hidden) | ({} if private is None else {"forgotten": {"enum": [True]}})
    return _object(properties | optional, required=properties)


def _private(component: Mapping[str, Any]) -> str | None:
    """The name of the type whose fields are sealed."""
    variants = component.get("properties", {}).get("private", {}).get("anyOf", ())
    return next((each["$ref"].rpartition("/")[2] for each in variants if "$ref" in each), None)


def _renamed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of `user/data`. Everything is told, so nothing has a default."""
    found = {}
    for name, schema in properties.items():
        shown = _schema(Time) if name.endswith("at_us") else schema
        found[NAMES.get(name, name)] = {key: value for key, value in shown.items() if key != "default"}
    return found


def _progress() -> dict[str, Any]:
    return _object({"file_id": _schema(Id), "progress": {"type": "number", "minimum": 0, "maximum": 1}})


def _end() -> dict[str, Any]:
    return _object({"reason": _schema(EndReason)})


def _object(properties: Mapping[str, Any], required: Iterable[str] | None = None) -> dict[str, Any]:
    names = list(properties if required is None else required)
    return {"type": "object", "properties": dict(properties), "required": names}


def _schema(kind: Any) -> dict[str, Any]:
    return msgspec.json.schema(kind)
