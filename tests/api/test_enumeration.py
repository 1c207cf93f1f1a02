"""Whether there is such an account cannot be learnt at the sign-in or the recovery: the same work is done for a known
name and for an unknown one, the same answer given, and it takes as long.

(Registering does tell that a name is taken: docs/threats.md.)"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import falcon.testing
import msgspec
import pytest

from service.accounts import accounts
from service.desk.desk import Desk
from service.entrance import recovering, sessions
from service.house.house import House
from tests import builders
from tests.api.asking import conducted
from tests.service.desks import at_desk
from vault.kdf import CODE_RANDOM_BYTES, FLOOR, PasswordKeys, PasswordParams, new_recovery_code, password_keys

WRONG = "not this one at all"
CODE = new_recovery_code(bytes(CODE_RANDOM_BYTES))
LOGIN = ("/api/v1/auth/login", {"password": WRONG})
RECOVER = ("/api/v1/auth/recover", {"recovery_code": CODE, "new_password": "a wholly other staple of horses"})
PAIRS = 24
TRIES = 4
Route = tuple[str, Mapping[str, str]]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    many = {"credential_rate": 100_000, "guess_rate": 100_000, "account_guess_rate": 100_000}
    house = House(builders.settings(tmp_path / "data", **many))
    yield house
    house.close()


@pytest.fixture(autouse=True)
def cheap_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown names cost what the people of tests cost, as outside they cost what people do."""
    floor = functools.partial(
        PasswordParams, time_cost=FLOOR.time_cost, memory_kib=FLOOR.memory_kib, parallelism=FLOOR.parallelism
    )
    for module in (sessions, recovering):
        monkeypatch.setattr(module, "PasswordParams", floor)


async def ask(
    conductor: falcon.testing.ASGIConductor, route: Route, name: str, headers: Mapping[str, str] | None = None
) -> falcon.testing.Result:
    path, fields = route
    body = msgspec.json.encode({"username": name, **fields})
    sent = {"Content-Type": "application/json", **(headers or {})}
    return await conductor.simulate_request("POST", path, headers=sent, body=body)


def told(result: falcon.testing.Result) -> tuple[object, ...]:
    """All that the answer tells, but for its own number and how many calls this address has left."""
    own = {"x-request-id", "ratelimit"}
    headers = {name: value for name, value in result.headers.items() if name not in own}
    return result.status_code, sorted(headers.items()), result.content


class Watch:
    """What is asked of the keyring, the log and the counts, and how many passwords are stretched."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work: list[object] = []
        house = desk.house

        def statement(_: object, sql: str, __: object) -> bool:
            self.work.append(sql)
            return True

        for connection in (house.keyring._reader, house.keyring._writer, desk.throttle._connection):
            connection.exec_trace = statement
        read_stream = house.log.read_stream

        def read(stream: str) -> object:
            self.work.append("the log")
            return read_stream(stream)

        def stretched(password: bytes, params: PasswordParams, pepper: bytes) -> PasswordKeys:
            self.work.append(("a password", params.time_cost, params.memory_kib, params.parallelism))
            return password_keys(password, params, pepper)

        monkeypatch.setattr(house.log, "read_stream", read)
        monkeypatch.setattr(accounts, "password_keys", stretched)

    def taken(self) -> list[object]:
        work, self.work = self.work, []
        return work


@pytest.mark.parametrize("route", [LOGIN, RECOVER], ids=["login", "recover"])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-1"}], ids=["plain", "keyed"])
def test_the_same_work_is_done_and_the_same_is_said(
    house: House, route: Route, headers: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.person(house, "ada")

    async def story(desk: Desk) -> None:
        watch = Watch(desk, monkeypatch)
        async with conducted(desk) as conductor:
            for name in ("ada", "ada@example.org", "nobody", "nobody@example.org"):
                await ask(conductor, route, name, headers)  # The first of a name begins its count.
            watch.taken()
            seen = []
            for name in ("ada", "nobody", "ada@example.org", "nobody@example.org"):
                result = await ask(conductor, route, name, headers)
                assert result.status_code == 401
                seen.append((told(result), watch.taken()))
            assert seen[0][1]
            assert all(one == seen[0] for one in seen)

    at_desk(house, story)


@pytest.mark.parametrize("route", [LOGIN, RECOVER], ids=["login", "recover"])
def test_it_takes_as_long(house: House, route: Route) -> None:
    """By ranks: of a known and an unknown name either is the dearer one about as often. Processor time, since what else
    the machine does is nobody's secret; a difference that is there shows every time, one by chance does not."""
    names = [builders.person(house).username for _ in range(3)]
    strangers = [f"person-{number:08x}" for number in range(3)]

    async def spent_ns(conductor: falcon.testing.ASGIConductor, name: str) -> int:
        before_ns = time.process_time_ns()
        assert (await ask(conductor, route, name)).status_code == 401
        return time.process_time_ns() - before_ns

    async def dearer(conductor: falcon.testing.ASGIConductor) -> float:
        """How often a known name cost more than an unknown one, of all pairs: 0.5 if it makes no difference."""
        known: list[int] = []
        unknown: list[int] = []
        for number in range(PAIRS):
            turns = [(known, names[number % 3]), (unknown, strangers[number % 3])]
            for times, name in turns if number % 2 else reversed(turns):
                times.append(await spent_ns(conductor, name))
        return sum(one > other for one in known for other in unknown) / PAIRS**2

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            for name in (*names, *strangers):
                await spent_ns(conductor, name)
            shares = []
            for _ in range(TRIES):
                shares.append(await dearer(conductor))
                if 0.25 < shares[-1] < 0.75:  # Three standard deviations, for so many pairs.
                    return
            raise AssertionError(f"a known name is told by the time it takes: {shares}")

    at_desk(house, story)
