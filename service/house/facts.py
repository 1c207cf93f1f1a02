"""Record ↔ event: the codec and the seal meet here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import msgspec

from domain.events import AnyEvent, Parts, put_together, take_apart
from domain.fact import Fact
from eventstore.errors import LogCorrupt
from eventstore.record import NewRecord, Record, RequestTag
from vault.seal import Binding, Sealer, open_sealed, seal

Private = TypeVar("Private", bound=msgspec.Struct)
State = TypeVar("State")
Event = TypeVar("Event")
_encode = msgspec.json.encode


class Sealing(msgspec.Struct, frozen=True):
    """Which key seals the private part: its id for the envelope, and the key."""

    key_id: str
    key: bytes

    def __repr__(self) -> str:
        return f"Sealing({self.key_id!r}, …)"


NO_KEY = Sealing("", b"")


def to_records(
    user: str,
    stream: str,
    version: int,
    events: Sequence[AnyEvent],
    sealing: Sealing = NO_KEY,
    request: RequestTag | None = None,
) -> tuple[NewRecord, ...]:
    """`version`: what the stream has now. The request tag marks the first record: it can be carried out once."""
    return tuple(
        _to_record(user, stream, version + step, event, sealing, request if step == 1 else None)
        for step, event in enumerate(events, start=1)
    )


def _to_record(
    user: str, stream: str, version: int, event: AnyEvent, sealing: Sealing, request: RequestTag | None
) -> NewRecord:
    parts = take_apart(event)
    sealed, key_id = b"", ""
    if parts.private is not None:
        key_id = sealing.key_id
        sealed = seal(sealing.key, _encode(parts.private), event_binding(user, stream, version, parts.type))
    return NewRecord(
        stream=stream,
        version=version,
        type=parts.type,
        schema=parts.schema,
        user=user,
        public=parts.public,
        key_id=key_id,
        sealed=sealed,
        request=request,
    )


def to_fact(record: Record) -> Fact:
    """The event without its private part: nobody's key is needed."""
    envelope = record.envelope
    event = put_together(Parts(type=envelope.type, schema=envelope.schema, public=envelope.public, private=None))
    return Fact(
        position=envelope.position,
        stream=envelope.stream,
        version=envelope.version,
        user=envelope.user,
        at_us=envelope.at_us,
        event=event,
        key_id=envelope.key_id,
        sealed=record.sealed,
    )


def open_event(record: Record, key: bytes) -> AnyEvent:
    """The event with its private part; SealBroken with another key."""
    envelope = record.envelope
    private: dict[str, Any] = msgspec.json.decode(
        open_sealed(key, record.sealed, event_binding(envelope.user, envelope.stream, envelope.version, envelope.type))
    )
    return put_together(Parts(type=envelope.type, schema=envelope.schema, public=envelope.public, private=private))


def open_private(opener: Sealer, sealed: bytes, binding: Binding, type_: type[Private]) -> Private:
    """The private part alone, as projections keep it. Extra fields of a newer shape are passed over."""
    opened: Private = _decoder(type_).decode(opener.open(sealed, binding))
    return opened


@functools.cache
def _decoder(type_: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def event_binding(user: str, stream: str, version: int, type_: str) -> Binding:
    """What every sealed event payload is bound to."""
    return Binding(user, stream, version, type_, "event")


def fold(evolve: Callable[[State, Event], State], state: State, of: Any, events: Iterable[AnyEvent]) -> State:
    """The state after these events; `of`: the union that the decider knows. LogCorrupt for an event of another."""
    for event in events:
        if not isinstance(event, of):
            raise LogCorrupt(f"{type(event).__name__} stands in a stream it does not belong to")
        state = evolve(state, cast(Event, event))
    return state
