"""Events and their parts. A golden file is what lies in somebody's log for ever: it is added, never edited."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EVENT_TYPES, AnyEvent, Event, FileStored, Parts, UnknownEvent, put_together, take_apart
from domain.upcast import STEPS, Fields, upcast
from tests.domain.examples import EXAMPLES

GOLDEN = Path(__file__).parent.parent / "golden"
BY_NAME = {type(event).__name__: event for event in EXAMPLES}


def golden(name: str, schema: int) -> Parts:
    return msgspec.json.decode((GOLDEN / f"{name}.v{schema}.json").read_bytes(), type=Parts)


def as_written(event: AnyEvent) -> Parts:
    return msgspec.json.decode(msgspec.json.encode(take_apart(event)), type=Parts)


def test_every_event_of_the_union_is_known_to_the_codec() -> None:
    assert set(EVENT_TYPES.values()) == set(get_args(AnyEvent))
    assert set(BY_NAME) == set(EVENT_TYPES)


def test_every_schema_version_of_every_event_has_a_golden_file_and_no_file_is_left_over() -> None:
    expected = {f"{name}.v{v}.json" for name, cls in EVENT_TYPES.items() for v in range(1, cls.schema + 1)}
    assert {path.name for path in GOLDEN.iterdir()} == expected


def test_every_step_between_versions_is_there() -> None:
    assert set(STEPS) == {(name, v) for name, cls in EVENT_TYPES.items() for v in range(1, cls.schema)}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_golden_file_of_today_opens_as_the_expected_value_and_is_written_the_same(name: str) -> None:
    expected = BY_NAME[name]
    parts = golden(name, EVENT_TYPES[name].schema)
    assert put_together(parts) == expected
    assert as_written(expected) == parts


@pytest.mark.parametrize(("name", "schema"), [(n, v) for n, c in EVENT_TYPES.items() for v in range(1, c.schema + 1)])
def test_every_golden_file_opens_as_an_event_of_today(name: str, schema: int) -> None:
    assert type(put_together(golden(name, schema))) is EVENT_TYPES[name]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_without_its_private_part_an_event_is_whole_except_for_that(event: AnyEvent) -> None:
    parts = take_apart(event)
    closed = put_together(msgspec.structs.replace(parts, private=None))
    assert take_apart(closed) == msgspec.structs.replace(parts, private=None)
    assert "private" not in parts.public


def test_public_parts_hold_ascii_only_whatever_the_private_ones_hold() -> None:
    for event in EXAMPLES:
        assert json.dumps(take_apart(event).public, ensure_ascii=False).isascii()


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field: what the union of events is made of, and nothing else."""
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(_values(get_args(hint)[0]), max_size=3).map(tuple)
    if get_args(hint):
        return st.one_of([_values(option) for option in get_args(hint)])
    if hint is type(None):
        return st.none()
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if hint is bool:
        return st.booleans()
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is str:
        return st.text(max_size=20)
    return _structs(hint)


def _structs(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name in cls.__struct_fields__}
    return st.builds(cls, **{name: _values(hint) for name, hint in hints.items()})


@settings(deadline=None)
@given(st.sampled_from(sorted(EVENT_TYPES)).flatmap(lambda name: _structs(EVENT_TYPES[name])))
def test_taken_apart_written_as_json_and_put_together_it_is_the_same_event(event: AnyEvent) -> None:
    assert put_together(as_written(event)) == event


def test_an_event_of_a_newer_program_is_unknown_and_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent, match="MessagePinned of schema version 1"):
        put_together(Parts(type="MessagePinned", schema=1, public={}, private=None))
    with pytest.raises(UnknownEvent, match="ChatDeleted of schema version 2"):
        put_together(Parts(type="ChatDeleted", schema=2, public={}, private=None))


def test_a_public_field_that_the_event_does_not_have_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        put_together(Parts(type="ChatDeleted", schema=1, public={"colour": "red"}, private=None))


def test_schemas_count_from_one() -> None:
    assert all(cls.schema >= 1 for cls in EVENT_TYPES.values())
    assert all(issubclass(cls, Event) for cls in EVENT_TYPES.values())


# -- old shapes --------------------------------------------------------------------------------------------------


def test_an_old_shape_is_lifted_step_by_step_and_its_private_part_with_it() -> None:
    def split_code(public: Fields, private: Fields | None) -> tuple[Fields, Fields | None]:
        area, _, code = public["code"].partition(".")
        return {"area": area, "code": code}, private

    def seal_code(public: Fields, private: Fields | None) -> tuple[Fields, Fields | None]:
        return {"area": public["area"]}, None if private is None else {**private, "code": public["code"]}

    steps = {("Refused", 1): split_code, ("Refused", 2): seal_code}
    old = {"code": "model.unreachable"}
    assert upcast("Refused", 1, 3, old, {"note": "x"}, steps) == (
        {"area": "model"},
        {"note": "x", "code": "unreachable"},
    )
    assert upcast("Refused", 1, 3, old, None, steps) == ({"area": "model"}, None)
    assert upcast("Refused", 2, 2, {"area": "a", "code": "b"}, None, steps) == ({"area": "a", "code": "b"}, None)
    assert old == {"code": "model.unreachable"}


def test_a_stored_file_of_the_first_shape_keeps_its_hash_and_hides_its_nonce_prefix() -> None:
    old = golden("FileStored", 1)
    lifted = put_together(old)
    assert isinstance(lifted, FileStored)
    assert lifted.commitment == "sha256:" + "c1" * 32
    assert lifted.private is not None
    assert lifted.private.iv == "00112233445566"
    closed = put_together(msgspec.structs.replace(old, private=None))
    assert isinstance(closed, FileStored)
    assert (closed.commitment, closed.private) == (lifted.commitment, None)


def test_a_missing_step_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(KeyError):
        upcast("Refused", 1, 2, {}, None, {})


def test_golden_files_are_named_after_type_and_schema_and_hold_what_they_say() -> None:
    for path in GOLDEN.iterdir():
        found = re.fullmatch(r"(\w+)\.v(\d+)\.json", path.name)
        assert found is not None
        parts = msgspec.json.decode(path.read_bytes(), type=Parts)
        assert (parts.type, parts.schema) == (found[1], int(found[2]))
