"""Where registering takes an invitation, or is closed, whoever has none learns of no name or address: the same work is
done for one that is taken and one that is free, the same answer given, and it takes as long.

(Whoever may register has to be told: docs/decisions/0029-who-may-register.md. They are told so often only.)"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import falcon.testing
import msgspec
import pytest

from service.accounts import registering
from service.accounts.admitting import make_invitation
from service.desk.desk import Desk
from service.house.house import House
from tests import builders
from tests.api.asking import Clock, ask, conducted, problem
from tests.api.test_enumeration import PAIRS, TRIES, Watch, told
from tests.service.desks import at_desk
from vault.kdf import FLOOR, PasswordParams

REGISTER = "/api/v1/auth/register"
PASSWORD = "correct horse battery staple"
FOREIGN = "0000-" * 7 + "0000"
TYPED = (
    ("ada", "new@example.org"),
    ("free", "new@example.org"),
    ("free", "ada@example.org"),
    ("ada", "ada@example.org"),
    ("bea", "new@example.org"),  # Who came with the spent one.
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def open_house(**changes: object) -> House:
        settings = builders.settings(tmp_path / "data", credential_rate=100_000, **changes)
        houses.append(House(settings, Clock()))  # Times to wait are the same to the second.
        return houses[-1]

    yield open_house
    for house in houses:
        house.close()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = functools.partial(
        PasswordParams, time_cost=FLOOR.time_cost, memory_kib=FLOOR.memory_kib, parallelism=FLOOR.parallelism
    )
    monkeypatch.setattr(registering, "PasswordParams", floor)


def body(username: str, email: str, invitation: str | None) -> bytes:
    given = {} if invitation is None else {"invitation": invitation}
    return msgspec.json.encode({"username": username, "email": email, "password": PASSWORD, **given})


async def send(
    conductor: falcon.testing.ASGIConductor, typed: tuple[str, str], invitation: str | None, **headers: str
) -> falcon.testing.Result:
    sent = {"Content-Type": "application/json", **headers}
    return await conductor.simulate_request("POST", REGISTER, headers=sent, body=body(*typed, invitation))


def spent_invitation(house: House) -> str:
    """One that has let somebody in."""
    code = make_invitation(house, 1, 7)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            assert (await send(conductor, ("bea", "bea@example.org"), code)).status_code == 201

    at_desk(house, story)
    return code


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-1"}], ids=["plain", "keyed"])
@pytest.mark.parametrize("shown", ["none", "foreign", "spent", "closed"])
def test_without_an_invitation_the_same_work_is_done_and_the_same_is_said(
    opened: Callable[..., House], shown: str, headers: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = opened(registration="closed" if shown == "closed" else "invited")
    builders.person(house, "ada")
    code = {"none": None, "foreign": FOREIGN, "closed": make_invitation(house, 1, 7)}.get(shown)
    if shown == "spent":
        code = spent_invitation(house)
    expected = "registration_closed" if shown == "closed" else "invitation_needed"

    async def story(desk: Desk) -> None:
        watch = Watch(desk, monkeypatch)
        async with conducted(desk) as conductor:
            await send(conductor, TYPED[0], code, **headers)  # The first begins the count.
            watch.taken()
            seen = []
            for typed in TYPED:
                result = await send(conductor, typed, code, **headers)
                problem(result, 403, expected)
                seen.append((told(result), watch.taken()))
            assert all(one == seen[0] for one in seen)

    at_desk(house, story)


def test_one_answer_is_given_to_whoever_has_no_invitation_that_holds(opened: Callable[..., House]) -> None:
    house = opened(registration="invited")
    code = spent_invitation(house)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            answers = [await send(conductor, TYPED[0], given) for given in (None, "", FOREIGN, "no code at all", code)]
            assert len({str(told(answer)) for answer in answers}) == 1

    at_desk(house, story)


@pytest.mark.parametrize("mode", ["invited", "closed"])
def test_without_an_invitation_it_takes_as_long(opened: Callable[..., House], mode: str) -> None:
    """By ranks, as at the sign-in (tests/api/test_enumeration.py): of a taken and a free name either is the dearer one
    about as often. With a spent invitation and a key, where the most is done."""
    if mode == "invited":
        house = opened(registration=mode)
        code = spent_invitation(house)
    else:
        house, code = opened(registration=mode), FOREIGN
    taken = [builders.person(house).username for _ in range(3)]
    free = [f"person-{number:08x}" for number in range(3)]

    async def spent_ns(conductor: falcon.testing.ASGIConductor, name: str) -> int:
        before_ns = time.process_time_ns()
        result = await send(conductor, (name, f"{name}@example.org"), code, **{"Idempotency-Key": "key-1"})
        assert result.status_code == 403
        return time.process_time_ns() - before_ns

    async def dearer(conductor: falcon.testing.ASGIConductor) -> float:
        """How often a taken name cost more than a free one, of all pairs: 0.5 if it makes no difference."""
        known: list[int] = []
        unknown: list[int] = []
        for number in range(PAIRS):
            turns = [(known, taken[number % 3]), (unknown, free[number % 3])]
            for times, name in turns if number % 2 else reversed(turns):
                times.append(await spent_ns(conductor, name))
        return sum(one > other for one in known for other in unknown) / PAIRS**2

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            for name in (*taken, *free):
                await spent_ns(conductor, name)
            shares = []
            for _ in range(TRIES):
                shares.append(await dearer(conductor))
                if 0.25 < shares[-1] < 0.75:  # Three standard deviations, for so many pairs.
                    return
            raise AssertionError(f"a taken name is told by the time it takes: {shares}")

    at_desk(house, story)


def test_past_the_bound_a_taken_and_a_free_name_get_the_same_answer(
    opened: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = opened(taken_rate=1)
    builders.person(house, "ada")

    async def story(desk: Desk) -> None:
        watch = Watch(desk, monkeypatch)
        async with conducted(desk) as conductor:
            problem(await send(conductor, TYPED[0], None), 409, "username_taken")
            seen = []
            for typed in TYPED:
                watch.taken()
                result = await send(conductor, typed, None)
                problem(result, 429, "rate_limited")
                assert int(result.headers["retry-after"]) > 3_600
                seen.append((told(result), watch.taken()))
            assert all(one == seen[0] for one in seen)

    at_desk(house, story)


def test_who_may_register_is_told_to_everybody(opened: Callable[..., House]) -> None:
    for mode in ("open", "invited", "closed"):
        answer = ask(opened(registration=mode), "/registration")
        assert (answer.status_code, answer.json) == (200, {"mode": mode})
        assert answer.headers["cache-control"] == "no-store"


def test_where_nobody_may_register_not_even_the_body_is_read(opened: Callable[..., House]) -> None:
    answer = ask(opened(registration="closed"), "/auth/register", method="POST", body=b"neither JSON nor said to be")
    problem(answer, 403, "registration_closed")


def test_an_invitation_that_is_no_text_of_its_length_is_refused_as_a_field(opened: Callable[..., House]) -> None:
    given = body("ada", "ada@example.org", "0" * 129)
    answer = ask(
        opened(registration="invited"),
        "/auth/register",
        method="POST",
        headers={"Content-Type": "application/json"},
        body=given,
    )
    assert problem(answer, 422, "validation_failed")["errors"][0]["field"] == "invitation"
