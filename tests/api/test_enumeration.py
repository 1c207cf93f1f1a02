"""Whether there is such an account cannot be learnt at the sign-in or the recovery: the same work is done for a known
name and for an unknown one, the same answer given, and it takes as long.

(Registering does tell that a name is taken: docs/threats.md.)"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import falcon.testing
import msgspec
import pytest

from service.accounts import accounts
from service.accounts.accounts import Entry, wrap_password
from service.desk.desk import Desk
from service.desk.devices import LIFE_S, recognised, renewed
from service.entrance import recovering, sessions
from service.house.house import House
from service.house.principal import encode_token
from tests import builders
from tests.api.asking import Clock, conducted, problem
from tests.api.asking import ask as request
from tests.builders import Person
from tests.service.desks import at_desk, before_append
from vault.kdf import CODE_RANDOM_BYTES, FLOOR, PasswordKeys, PasswordParams, new_recovery_code, password_keys

WRONG = "not this one at all"
CODE = new_recovery_code(bytes(CODE_RANDOM_BYTES))
LOGIN = ("/api/v1/auth/login", {"password": WRONG})
HOME = "192.0.2.1"
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
    conductor: falcon.testing.ASGIConductor,
    route: Route,
    name: str,
    headers: Mapping[str, str] | None = None,
    source: str = "127.0.0.1",
) -> falcon.testing.Result:
    path, fields = route
    body = msgspec.json.encode({"username": name, **fields})
    sent = {"Content-Type": "application/json", **(headers or {})}
    return await conductor.simulate_request("POST", path, headers=sent, body=body, remote_addr=source)


def device_of(house: House, person: Person) -> Mapping[str, str]:
    """The cookie of a device that this person has signed in with."""
    row = house.keyring.account(person.user)
    assert row is not None
    return {"Cookie": f"strongroom-devices={renewed(house, person.user, row.password_changes, '')}"}


def told(result: falcon.testing.Result) -> tuple[object, ...]:
    """All that the answer tells, but for its own number and how many calls this address has left."""
    own = {"x-request-id", "ratelimit"}
    headers = {name: value for name, value in result.headers.items() if name not in own}
    return result.status_code, sorted(headers.items()), result.content


class Watch:
    """What is asked of the keyring, the log and the counts, how many passwords are stretched and HMACs made."""

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

        def index(label: str, text: str) -> bytes:
            self.work.append(("an HMAC", label))
            return keyed(label, text)

        keyed = house.index
        monkeypatch.setattr(house, "index", index)
        monkeypatch.setattr(house.log, "read_stream", read)
        monkeypatch.setattr(accounts, "password_keys", stretched)

    def taken(self) -> list[object]:
        work, self.work = self.work, []
        return work


@pytest.mark.parametrize("route", [LOGIN, RECOVER], ids=["login", "recover"])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-1"}], ids=["plain", "keyed"])
@pytest.mark.parametrize("device", [False, True], ids=["no device", "another's device"])
def test_the_same_work_is_done_and_the_same_is_said(
    house: House, route: Route, headers: Mapping[str, str], device: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.person(house, "ada")
    if device:
        headers = {**headers, **device_of(house, builders.person(house, "bob"))}

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
            assert sum(one == ("an HMAC", "device") for one in seen[0][1]) >= device
            assert all(one == seen[0] for one in seen)

    at_desk(house, story)


@pytest.mark.parametrize("route", [LOGIN, RECOVER], ids=["login", "recover"])
def test_it_takes_as_long(house: House, route: Route) -> None:
    """By ranks: of a known and an unknown name either is the dearer one about as often. Processor time, since what else
    the machine does is nobody's secret; a difference that is there shows every time, one by chance does not."""
    names = [builders.person(house).username for _ in range(3)]
    device = device_of(house, builders.person(house))  # One's own, so that there is something to look at.
    strangers = [f"person-{number:08x}" for number in range(3)]

    async def spent_ns(conductor: falcon.testing.ASGIConductor, name: str) -> int:
        before_ns = time.process_time_ns()
        assert (await ask(conductor, route, name, device)).status_code == 401
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


# -- devices that have signed in before ----------------------------------------------------------------------------


def counting(folder: Path) -> House:
    """Few guesses, and a clock that stands still."""
    return House(builders.settings(folder, guess_rate=3, account_guess_rate=7), Clock())


def seen_of_ada(folder: Path, owner: str) -> list[object]:
    """All that mallory is told who uses up the guesses at "ada" from elsewhere, and then goes on from the network that
    `owner` has signed in from: by turns with a device of their own, and without."""
    seen: list[object] = []
    house = counting(folder)

    async def story(desk: Desk) -> None:
        person, own = builders.person(house, owner), device_of(house, builders.person(house, "mallory"))
        sources = [*(f"203.0.113.{number}" for number in range(8)), *[HOME] * 5]
        async with conducted(desk) as conductor:
            right = ("/api/v1/auth/login", {"password": person.password})
            assert (await ask(conductor, right, owner, device_of(house, person), HOME)).status_code == 200
            for route in (LOGIN, RECOVER):
                for number, source in enumerate(sources):
                    result = await ask(conductor, route, "ada", own if number % 2 else {}, source)
                    headers = {name: value for name, value in result.headers.items() if name != "x-request-id"}
                    seen.append((result.status_code, sorted(headers.items()), result.content))

    with closing(house):
        at_desk(house, story)
    return seen


def test_beside_the_owner_nobody_learns_that_there_is_an_account(tmp_path: Path) -> None:
    """Byte for byte, with every header but the answer's own number: in a world where she is, and in one where not."""
    seen = seen_of_ada(tmp_path / "with", "ada")
    assert seen == seen_of_ada(tmp_path / "without", "bob")
    statuses = [one[0] for one in seen if isinstance(one, tuple)]
    assert statuses[:13] == [401] * 7 + [429] * 6
    assert statuses[13:] == [401] * 11 + [429] * 2


def test_signing_in_makes_a_device_known_that_strangers_do_not_shut_out(tmp_path: Path) -> None:
    house = counting(tmp_path / "data")

    async def story(desk: Desk) -> None:
        ada = builders.person(house, "ada")
        right = ("/api/v1/auth/login", {"password": ada.password})
        async with conducted(desk) as conductor:
            first = await ask(conductor, right, "ada", source=HOME)
            cookie = first.cookies["strongroom-devices"]
            assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Strict", "/")
            assert not cookie.domain
            assert cookie.max_age == LIFE_S
            for number in range(8):
                await ask(conductor, LOGIN, "ada", source=f"203.0.113.{number}")
            for mine, status in (({}, 429), ({"Cookie": f"strongroom-devices={cookie.value}"}, 200)):
                assert (await ask(conductor, right, "ada", mine, HOME)).status_code == status

    with closing(house):
        at_desk(house, story)


def test_behind_tls_the_device_cookie_is_secure_and_has_the_host_prefix(house: House) -> None:
    ada = builders.person(house, "ada")
    body = msgspec.json.encode({"username": "ada", "password": ada.password, "cookie": True})

    async def story(desk: Desk) -> falcon.testing.Result:
        async with conducted(desk) as conductor:
            sent = {"Content-Type": "application/json"}
            return await conductor.simulate_request("POST", LOGIN[0], headers=sent, body=body, protocol="https")
        raise AssertionError("the app's shutdown swallowed the answer")

    cookies = at_desk(house, story).cookies
    assert set(cookies) == {"__Host-strongroom", "__Host-strongroom-devices"}
    assert all(one.secure and one.http_only and one.same_site == "Strict" for one in cookies.values())


def test_a_device_cookie_is_no_credential(house: House) -> None:
    """It opens nothing, and beside a token it is not one of two."""
    ada = builders.person(house, "ada")
    device = device_of(house, ada)
    bearer = {"Authorization": f"Bearer {encode_token(ada.token)}"}
    problem(request(house, "/user/data", headers=device), 401, "bad_credentials")
    value = device["Cookie"].partition("=")[2]
    problem(request(house, "/user/data", headers={"Cookie": f"strongroom={value}"}), 401, "bad_credentials")
    sent = {**bearer, **device, "Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}
    assert request(house, "/chats", method="POST", headers=sent, body=b"{}").status_code == 201


def test_a_password_that_is_set_while_one_signs_in_is_neither_answered_nor_given_a_device(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = builders.person(house, "ada")
    login, right = sessions.login, ("/api/v1/auth/login", {"password": ada.password})

    async def story(desk: Desk) -> None:
        async def set_another() -> None:
            row = house.keyring.account(ada.user)
            assert row is not None
            wrap, _ = await wrap_password(desk, ada.who.keys, "the owner sets another one now")
            house.keyring.change_password(ada.user, row.password_verifier, wrap, ada.who.session_id)

        async def then_another(*args: Any) -> Entry:
            entry = await login(*args)
            await set_another()
            return entry

        async with conducted(desk) as conductor:
            with monkeypatch.context() as patched:
                before_append(desk, patched, set_another)
                refused = await ask(conductor, right, "ada")
                problem(refused, 401, "bad_credentials")
                assert not refused.cookies
            with monkeypatch.context() as patched:  # Later still, it cannot be noticed.
                patched.setattr(sessions, "login", then_another)
                late = await ask(conductor, (right[0], {"password": "the owner sets another one now"}), "ada")
                assert late.status_code == 200
            row = house.keyring.account(ada.user)
            assert recognised(house, row, late.cookies["strongroom-devices"].value) is None

    at_desk(house, story)


def test_a_new_password_makes_the_device_known_anew_and_erasing_takes_the_cookie_back(house: House) -> None:
    ada = builders.person(house, "ada")
    bearer = {"Authorization": f"Bearer {encode_token(ada.token)}", "Content-Type": "application/json"}
    change = msgspec.json.encode({"current_password": ada.password, "new_password": "a wholly other staple"})
    changed = request(house, "/auth/password", method="POST", headers=bearer, body=change)
    assert changed.status_code == 204
    row = house.keyring.account(ada.user)
    assert recognised(house, row, changed.cookies["strongroom-devices"].value) is not None
    erase = msgspec.json.encode({"password": "a wholly other staple"})
    erased = request(house, "/user", method="DELETE", headers=bearer, body=erase)
    assert (erased.status_code, erased.cookies["strongroom-devices"].value) == (202, "")
