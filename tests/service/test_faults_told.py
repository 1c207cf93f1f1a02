"""A log says where a fault arose and of which kind, and repeats nothing that it quotes."""

from __future__ import annotations

import msgspec
import pytest

from service.machine.faults_told import plain_error, plain_traceback
from vault.errors import SpoolBroken

CANARY = "the secret of somebody"


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as found:  # noqa: BLE001  # It is what the test is about.
        return found


@pytest.mark.parametrize("error", [KeyError(CANARY), ValueError(CANARY), msgspec.ValidationError(CANARY)])
def test_others_words_are_left_out(error: Exception) -> None:
    told = plain_traceback(raised(error))
    assert CANARY not in told
    assert told.endswith(type(error).__qualname__)
    assert "in raised" in told


def test_our_own_words_and_the_systems_are_told() -> None:
    assert plain_error(SpoolBroken("spool does not open")) == "SpoolBroken: spool does not open"
    assert plain_error(OSError(28, "No space left on device", CANARY)) == "OSError: No space left on device"


def test_what_caused_it_comes_first() -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise SpoolBroken("spool does not open") from cause
    except SpoolBroken as error:
        told = plain_traceback(error)
    assert CANARY not in told
    assert told.index("KeyError") < told.index("SpoolBroken: spool does not open")


def test_a_group_names_its_kinds_and_a_circle_ends() -> None:
    group = ExceptionGroup("together", [ValueError(CANARY), SpoolBroken("gone")])
    assert plain_traceback(raised(group)).endswith("ExceptionGroup\n  | ValueError\n  | SpoolBroken: gone")
    first, second = ValueError(CANARY), TypeError(CANARY)
    first.__context__, second.__context__ = second, first
    assert CANARY not in plain_traceback(first)
