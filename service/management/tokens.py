"""API tokens: issuing one for a program, listing, revoking.

Key first, then the event; revoking likewise, so that a token opens nothing from that moment on, in any process, since
each request asks the keyring. Crash points: a key without its event is dropped by the sweeper, unused; a key that is
gone without its event is told by the sweeper as "lost" (service/upkeep/token_sweep.py).
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain import token
from domain.errors import BadCredentials, NotFound, Rejected, TooManyTokens
from domain.events import ApiTokenIssued, TokenKind
from eventstore.errors import DuplicateRequest
from eventstore.record import Append, RequestTag
from service.accounts.accounts import Secrets, telling_later
from service.accounts.revoking import say_revoked, token_state
from service.desk.desk import Desk, taking_back
from service.entrance.passwords import overtaken, prove
from service.house.facts import Sealing, to_fact, to_records
from service.house.house import House
from service.house.principal import ENDED, TOKEN_BYTES, Principal
from service.house.requests import Asked, earlier, tag_of
from service.machine.units import DAY_US
from vault.errors import AccountGone, CredentialsReplaced, TokensFull
from vault.keyring import AccountRow
from vault.keyring_tokens import TokenRow
from vault.keys import token_hash, token_key

MAX_TOKENS: Final = 100
MAX_CHATS: Final = 100


class Form(msgspec.Struct, frozen=True):
    """What is asked for. `chats`: the only ones that it is to reach; None: all. No repr: the password is in it."""

    password: str
    name: str
    kind: TokenKind
    days: int
    chats: frozenset[str] | None = None

    def __repr__(self) -> str:
        return "Form(…)"


class Token(msgspec.Struct, frozen=True):
    """One token as its person knows it."""

    token_id: str
    name: str
    kind: TokenKind
    chats: tuple[str, ...] | None
    created_at_us: int
    expires_at_us: int
    used_at_us: int | None = None


class Issued(msgspec.Struct, frozen=True):
    """`secret`: shown this once. No repr."""

    token: Token
    secret: bytes
    position: int
    replayed: bool = False

    def __repr__(self) -> str:
        return f"Issued({self.token.token_id!r}, …)"


async def issue(desk: Desk, who: Principal, form: Form, asked: Asked | None) -> Issued:
    """WrongPassword; NotFound for a chat that is not there; TooManyTokens; BadCredentials for a session that ends in
    the meantime: nothing was issued.

    Under an Idempotency-Key the secret comes from the password's key and that Idempotency-Key: given again, kept
    nowhere."""
    house = desk.house
    row = house.keyring.account(who.user)
    if row is None:
        raise BadCredentials(ENDED)
    made = await prove(desk, row, form.password)
    tag = tag_of(asked, who.keys)
    secrets = Secrets(made.kek, None if asked is None else asked.exactly())
    if (position := earlier(house.log, tag)) is not None:
        return _replay(house, form, secrets, position)
    for chat_id in form.chats or ():
        if house.keyring.stream_key(f"chat-{chat_id}", who.user) is None:
            raise NotFound("No such chat.")
    token_row, secret = _new_token(house, who, form, secrets)
    if not await _add_key(desk, who, row, token_row):
        # By another copy of this request, under way or cut off: its times are the key's.
        token_row = house.keyring.token(token_row.token_id) or token_row
    try:
        async with taking_back(lambda: _drop_unless_issued(desk, token_row)):
            position = await _tell_issued(desk, who, token_row, form, tag)
    except DuplicateRequest as duplicate:
        earlier(house.log, tag)
        return _replay(house, form, secrets, duplicate.position)
    if not house.keyring.has_token(token_row.token_id):
        await _bring_back(desk, who, row, token_row)
    return Issued(_view(token_row, form.name), secret, position)


async def _add_key(desk: Desk, who: Principal, row: AccountRow, token_row: TokenRow) -> bool:
    """`row`: the account as it was when the password was proved."""
    house = desk.house
    try:
        return await desk.aside(
            lambda: house.keyring.add_token(
                token_row, row.password_verifier, who.session_id, MAX_TOKENS, house.clock_us()
            )
        )
    except TokensFull:
        raise TooManyTokens(f"You have {MAX_TOKENS} tokens. Revoke some.") from None
    except (AccountGone, CredentialsReplaced):
        raise overtaken(house, who) from None


async def _bring_back(desk: Desk, who: Principal, row: AccountRow, token_row: TokenRow) -> None:
    """The event is there, and the key is not: another copy of this request took it back before, or all that the person
    has was sealed in this moment. Then the session is gone, too, and nothing is brought back."""
    try:
        await _add_key(desk, who, row, token_row)
    except Rejected:
        async with telling_later("The token was revoked at this moment."):
            await say_revoked(desk, [token_row.token_id], "sealed")
        raise


def _new_token(house: House, who: Principal, form: Form, secrets: Secrets) -> tuple[TokenRow, bytes]:
    secret, token_id, now_us = secrets.draw("token", TOKEN_BYTES), secrets.id("token-id"), house.clock_us()
    stream = f"token-{token_id}"
    row = TokenRow(
        token_id=token_id,
        token_hash=token_hash(secret),
        user_id=who.user,
        kind=form.kind,
        user_by_token=None if form.kind == "write" else who.keys.wrap(token_key(secret), stream),
        name_by_user=who.keys.seal_label(stream, form.name),
        chats=form.chats,
        expires_at_us=now_us + form.days * DAY_US,
        created_at_us=now_us,
    )
    return row, secret


async def _tell_issued(desk: Desk, who: Principal, row: TokenRow, form: Form, tag: RequestTag | None) -> int:
    """The position."""
    command = token.IssueToken(row.kind, form.name, row.expires_at_us, _sorted(row.chats))
    events = token.decide(command, token.State())
    records = to_records(who.user, row.stream, 0, events, Sealing("user", who.keys.session_key()), tag)
    return (await desk.append(Append(records))).last


async def _drop_unless_issued(desk: Desk, row: TokenRow) -> None:
    """Of two copies of one request, one brings the key and another may bring the event."""
    state = token_state(desk.house.log, row.token_id)
    if not state.issued or state.revoked:
        await desk.aside(lambda: desk.house.keyring.drop_token(row.token_id, row.user_id))


def _replay(house: House, form: Form, secrets: Secrets, position: int) -> Issued:
    """The first answer again. The name has just come, in the same body."""
    (record,) = house.log.read_all(position - 1, 1)
    fact = to_fact(record)
    event = fact.event
    assert isinstance(event, ApiTokenIssued)
    row = house.keyring.token(fact.subject)
    made_at_us = fact.at_us if row is None else row.created_at_us
    known = Token(fact.subject, form.name, event.kind, event.chats, made_at_us, event.expires_at_us)
    return Issued(known, secrets.draw("token", TOKEN_BYTES), position, replayed=True)


def listed(house: House, who: Principal) -> list[Token]:
    """Those that open or write something, the oldest first."""
    rows = house.keyring.tokens(who.user, house.clock_us())
    return [_view(row, who.keys.open_label(row.stream, row.name_by_user)) for row in rows]


async def revoke(desk: Desk, who: Principal, token_id: str) -> int:
    """The position of its revoking. NotFound for another person's, and for none."""
    house = desk.house
    records = house.log.read_stream(f"token-{token_id}")
    if not records or records[0].envelope.user != who.user:
        raise NotFound("No such token.")
    await desk.aside(lambda: house.keyring.drop_token(token_id, who.user))
    async with telling_later("The token opens nothing any more. The history will show it in a while."):
        await say_revoked(desk, [token_id], "revoked")
    return house.log.read_stream(f"token-{token_id}")[-1].position


def _view(row: TokenRow, name: str) -> Token:
    return Token(row.token_id, name, row.kind, _sorted(row.chats), row.created_at_us, row.expires_at_us, row.used_at_us)


def _sorted(chats: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if chats is None else tuple(sorted(chats))
