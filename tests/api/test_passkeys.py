"""Passkeys, the e-mail address and the list of sessions over the wire: one person's story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import falcon.testing
import pytest

from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import encode_token
from tests import builders
from tests.api.asking import conducted, project
from tests.authenticator import Authenticator, encode
from tests.builders import Person
from tests.service.desks import at_desk

HOST = "falconframework.org"
ORIGIN = f"https://{HOST}"  # What the test's requests are sent to.


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data", credential_rate=1_000))
    yield house
    house.close()


class Wire:
    """Requests of one story. `token`: whose they are, "" for nobody's. `host`: what they say that they are sent to."""

    def __init__(self, conductor: falcon.testing.ASGIConductor) -> None:
        self._conductor = conductor
        self.token = ""
        self.host = HOST

    async def send(self, method: str, path: str, body: object = None) -> falcon.testing.Result:
        headers = {"User-Agent": "a test", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        text = None if body is None else json.dumps(body).encode()
        address = {"protocol": "https", "remote_addr": "203.0.113.77", "host": self.host}
        return await self._conductor.simulate_request(
            method, f"/api/v1/auth{path}", headers=headers, body=text, **address
        )

    async def ok(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json if answer.text else {}

    async def refused(self, status: int, code: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.send(method, path, body)
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
        return dict(answer.json)


async def add(wire: Wire, owner: Person, device: Authenticator, *, opens: bool) -> dict[str, Any]:
    options = await wire.ok("POST", "/passkeys/options", {"password": owner.password})
    made = {"name": "A key", "credential": device.create(options)}
    return await wire.ok("POST", "/passkeys", {**made, "prf": device.prf(options)} if opens else made)


async def signed_in(wire: Wire, device: Authenticator) -> str:
    options = await wire.ok("POST", "/passkeys/challenge", {})
    entry = await wire.ok("POST", "/passkeys/login", {"credential": device.get(options), "prf": device.prf(options)})
    return str(entry["token"])


def test_one_person_and_her_passkeys(house: House, ada: Person) -> None:
    device, stick = Authenticator(ORIGIN), Authenticator(ORIGIN)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            wire.token = encode_token(ada.token)
            laptop = await add(wire, ada, device, opens=True)
            assert "backup_codes" not in laptop
            wire.token = ""
            mine = await signed_in(wire, device)  # The password is asked for no more.
            by_password = {"username": "ada", "password": ada.password}
            await wire.ok("POST", "/login", by_password)

            wire.token = mine
            added = await add(wire, ada, stick, opens=False)
            assert len(added["backup_codes"]) == 10
            wire.token = ""
            options = await wire.ok("POST", "/passkeys/challenge", {})
            alone = {"credential": stick.get(options), "prf": encode(bytes(32))}
            await wire.refused(401, "password_needed", "POST", "/passkeys/login", alone)
            problem = await wire.refused(401, "second_factor_required", "POST", "/login", by_password)
            assert set(problem["factors"]) == {"backup_code", "passkey"}
            shown = stick.get(problem["passkey_options"])
            await wire.ok("POST", "/login", {**by_password, "passkey": shown})
            await wire.refused(401, "bad_code", "POST", "/login", {**by_password, "passkey": shown})

            wire.token = mine
            project(house)
            sessions = (await wire.ok("GET", "/sessions"))["sessions"]
            newest = sessions[-1]
            assert (newest["client"], newest["place"]) == ("a test", "203.0.113.0/24")
            assert newest["last_seen_at"] == newest["created_at"]
            assert sum(one["current"] for one in sessions) == 1
            await wire.ok("DELETE", f"/passkeys/{added['id']}", {"password": ada.password})
            await wire.ok("DELETE", f"/passkeys/{laptop['id']}", {"password": ada.password})
            wire.token = ""
            await wire.ok("POST", "/login", by_password)

    at_desk(house, story)


@pytest.mark.parametrize("host", ["falconframework.org:8443", "falconframework.org:x"])
def test_a_page_on_another_port_of_this_host_gets_nothing_passed_on(house: House, ada: Person, host: str) -> None:
    """It is of the same name for a browser, and may call itself what it likes towards us."""
    device = Authenticator(ORIGIN)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            wire.token = encode_token(ada.token)
            await add(wire, ada, device, opens=True)
            wire.token = ""
            device.origin = f"https://{host}"
            options = await wire.ok("POST", "/passkeys/challenge", {})
            form = {"credential": device.get(options), "prf": device.prf(options)}
            await wire.refused(401, "bad_credentials", "POST", "/passkeys/login", form)
            wire.host = host
            await wire.refused(400, "origin_unknown", "POST", "/passkeys/login", form)
            await wire.refused(400, "origin_unknown", "POST", "/passkeys/challenge", {})
            wire.host = HOST
            device.origin = ORIGIN
            await signed_in(wire, device)

    at_desk(house, story)


def test_behind_a_proxy_the_page_is_the_one_that_is_set(tmp_path: Path) -> None:
    page = "https://vault.example:8443"
    house = House(builders.settings(tmp_path / "data", public_origin=page))
    owner, device = builders.person(house, "ada"), Authenticator(page)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            wire.token = encode_token(owner.token)
            await add(wire, owner, device, opens=True)
            wire.token = ""
            wire.host = "elsewhere:99"
            await signed_in(wire, device)

    with closing(house):
        at_desk(house, story)


def test_challenges_are_counted_by_themselves(tmp_path: Path) -> None:
    house = House(builders.settings(tmp_path / "data", credential_rate=2))

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            for _ in range(2):
                await wire.ok("POST", "/passkeys/challenge", {})
            await wire.refused(429, "rate_limited", "POST", "/passkeys/challenge", {})
            await wire.refused(401, "bad_credentials", "POST", "/login", {"username": "ada", "password": "no such one"})

    with closing(house):
        at_desk(house, story)


def test_the_address_is_changed_with_the_password(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            wire.token = encode_token(ada.token)
            new = {"password": ada.password, "email": "ada@new.example"}
            await wire.refused(403, "wrong_password", "POST", "/email", {**new, "password": "another"})
            await wire.refused(422, "validation_failed", "POST", "/email", {**new, "email": "nobody"})
            changed = await wire.ok("POST", "/email", new)
            assert changed["user"]["email"] == "ada@new.example"
            assert changed["position"] == house.log.head()

    at_desk(house, story)


def test_what_cannot_be_a_passkey_is_refused_before_anything_is_read_of_it(house: House, ada: Person) -> None:
    device = Authenticator(ORIGIN)

    async def story(desk: Desk) -> None:
        async with conducted(desk) as conductor:
            wire = Wire(conductor)
            options = await wire.ok("POST", "/passkeys/challenge", {})
            device.create({"rp": {"id": "falconframework.org"}, "user": {"id": ""}, "challenge": options["challenge"]})
            good = {"credential": device.get(options), "prf": device.prf(options)}
            await wire.refused(401, "bad_credentials", "POST", "/passkeys/login", good)
            for wrong in (
                {**good, "prf": "short"},
                {**good, "prf": "+" * 43},
                {**good, "credential": {}},
                {**good, "credential": {**device.get(options), "response": 7}},
                {**good, "credential": {**device.get(options), "id": "A" * 2_000}},
            ):
                await wire.refused(422, "validation_failed", "POST", "/passkeys/login", wrong)
            await wire.refused(413, "body_too_large", "POST", "/passkeys/login", {**good, "prf": "A" * 40_000})

    at_desk(house, story)
