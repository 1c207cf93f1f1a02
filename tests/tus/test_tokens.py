"""Uploads under way that a token began: its own, to their end, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from domain.errors import BadCredentials, NotAllowed, NotFound
from domain.events import TokenKind
from projections.runner import Projector
from service.desk.desk import Desk
from service.entrance.sealing_now import seal_now
from service.house.house import House
from service.house.principal import Principal
from service.management import tokens
from service.upkeep.projecting import catch_up
from service.upkeep.sweep import Sweeper
from service.upkeep.token_sweep import TokenSweep
from service.uploads import joining, pending, resuming
from service.uploads.resuming import Piece
from service.uploads.upload_words import Words
from tests.builders import Person, person, started_chat
from tests.service.desks import asked, at_desk
from tests.service.holding import Bot, bot
from tests.tus.store import DATA, WORDS, Crash, Sender, ada, begun, crashing, house, require_filed_once, sent
from vault.keyring import Keyring
from vault.pending import Form, PendingUploads

__all__ = ["ada", "house"]  # Fixtures.


@pytest.fixture
def writer(house: House, ada: Person) -> Bot:
    return bot(house, ada, "write")


async def whole(desk: Desk, sender: Sender) -> str:
    upload_id = await begun(desk, sender, len(DATA))
    await sent(desk, sender, upload_id, DATA)
    return upload_id


def test_a_write_only_token_uploads_piece_by_piece(house: House, ada: Person, writer: Bot) -> None:
    async def story(desk: Desk) -> str:
        upload_id = await begun(desk, writer, len(DATA))
        await sent(desk, writer, upload_id, DATA[:1_000_000])
        half = await pending.describe(desk, writer.who, upload_id)
        assert (half.offset_bytes, half.words.name, half.position) == (1_000_000, "notes.txt", None)
        done = await sent(desk, writer, upload_id, DATA[1_000_000:], offset_bytes=1_000_000)
        assert done.position is not None
        seen = await pending.describe(desk, writer.who, upload_id)
        assert (seen.offset_bytes, seen.position) == (len(DATA), done.position)
        assert seen.words.name == ""  # What became a file is read by who can read.
        return upload_id

    require_filed_once(house, ada, at_desk(house, story), DATA)


def test_what_it_began_it_can_end(house: House, ada: Person, writer: Bot) -> None:
    async def story(desk: Desk) -> None:
        upload_id, filed = await begun(desk, writer, 10), await whole(desk, writer)
        await pending.terminate(desk, writer.who, upload_id)
        with pytest.raises(NotFound):
            await pending.describe(desk, writer.who, upload_id)
        with pytest.raises(NotAllowed):  # A file is its owner's.
            await pending.terminate(desk, writer.who, filed)
        assert house.keyring.stream_key(f"file-{filed}", ada.user) is not None
        assert [path.stem for path in house.layout.spool.iterdir()] == [filed]

    at_desk(house, story)


@pytest.mark.parametrize("size_bytes", [10, 0])
def test_its_owner_can_end_it_in_a_session(house: House, ada: Person, writer: Bot, size_bytes: int) -> None:
    ben, other = person(house, "ben"), bot(house, ada, "read_write")

    async def story(desk: Desk) -> None:
        upload_id = await begun(desk, writer, size_bytes)
        for who in (ben.who, other.who):
            with pytest.raises(NotFound):
                await pending.terminate(desk, who, upload_id)
        await pending.terminate(desk, ada.who, upload_id)
        with pytest.raises(NotFound):
            await pending.describe(desk, writer.who, upload_id)

    at_desk(house, story)
    assert house.pending.claimed_bytes(ada.user) == 0


# -- the token's end ---------------------------------------------------------------------------------------------


async def revoked(desk: Desk, owner: Person, token: Bot) -> None:
    await tokens.revoke(desk, owner.who, token.token_id)


async def sealed(desk: Desk, owner: Person, _: Bot) -> None:
    await seal_now(desk, owner.who)


async def revoked_and_cut_off(desk: Desk, owner: Person, token: Bot) -> None:
    """The sweeper tells the log; the token has to be known to the read tables."""
    desk.house.keyring.drop_token(token.token_id, owner.user)
    swept(desk.house)


async def expired(desk: Desk, owner: Person, token: Bot) -> None:
    house = desk.house
    row = house.keyring.token(token.token_id)
    assert row is not None
    house.clock_us = lambda: row.expires_at_us
    swept(house)


def swept(house: House) -> None:
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)
    TokenSweep().sweep(house, house.log, 0)


End = Callable[[Desk, Person, Bot], Coroutine[Any, Any, None]]
ENDS: list[End] = [revoked, sealed, revoked_and_cut_off, expired]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", ["write", "read_write"])
def test_what_it_has_under_way_ends_with_it(house: House, ada: Person, kind: TokenKind, end: End) -> None:
    """It would take its owner's room and places, where they do not see it."""
    token, other = bot(house, ada, kind), bot(house, ada, "write")
    if end is sealed:
        other = bot(house, person(house, "ben"), "write")

    async def story(desk: Desk) -> None:
        begun_, filed = await begun(desk, token, 1_000_000), await whole(desk, token)
        await sent(desk, token, begun_, DATA[:1_000])
        kept = [await begun(desk, ada, 7), await begun(desk, other, 7)]
        await end(desk, ada, token)
        assert not house.pending.has(begun_)
        assert not house.layout.spool_file(begun_).exists()
        assert house.keyring.spool_key(filed) is not None
        assert all(house.pending.has(upload_id) for upload_id in kept)

    at_desk(house, story)


def test_a_body_without_an_end_ends_with_its_token(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only at its end, which may never come: as often as what came is kept."""
    token = bot(house, ada, "write")
    monkeypatch.setattr(resuming, "KEEP_BYTES", 10)

    async def story(desk: Desk) -> None:
        upload_id, who = await begun(desk, token, None), token.who

        async def for_ever() -> AsyncIterator[bytes]:
            yield DATA[:10]
            await revoked(desk, ada, token)
            yield DATA[10:20]
            raise AssertionError("it was asked for more")

        with pytest.raises(BadCredentials):
            await resuming.append(desk, who, upload_id, Piece(0), for_ever())

    at_desk(house, story)


@pytest.mark.parametrize("sender", ["session", "token"])
def test_bytes_that_come_after_the_end_make_no_file(house: House, ada: Person, sender: str) -> None:
    token = bot(house, ada, "write")
    who = ada.who if sender == "session" else token.who

    async def story(desk: Desk) -> None:
        upload_id = (await pending.create(desk, who, WORDS, 20, Form.WHOLE, None)).upload_id

        async def slowly() -> AsyncIterator[bytes]:
            yield DATA[:10]
            await seal_now(desk, ada.who)
            yield DATA[10:20]

        head = house.log.head()
        with pytest.raises(BadCredentials):
            await resuming.append(desk, who, upload_id, Piece(0), slowly())
        assert not house.log.read_stream(f"file-{upload_id}")
        assert house.log.head() > head  # The sealing alone.
        with pytest.raises(BadCredentials):
            await pending.create(desk, who, WORDS, 20, Form.WHOLE, None)

    at_desk(house, story)


@pytest.mark.parametrize("kind", [PendingUploads, Keyring])
@pytest.mark.parametrize("after", [False, True])
def test_killed_between_any_two_steps_it_goes_on(
    house: House, ada: Person, writer: Bot, monkeypatch: pytest.MonkeyPatch, kind: type, *, after: bool
) -> None:
    """Around the keys, and around the note that it is a file: the key that its event may have is the key it has."""
    crashing(monkeypatch, kind, "file" if kind is PendingUploads else "add_files", after=after)

    async def cut_off(desk: Desk) -> str:
        upload_id = await begun(desk, writer, len(DATA))
        with pytest.raises(Crash):
            await sent(desk, writer, upload_id, DATA)
        return upload_id

    upload_id = at_desk(house, cut_off)
    Sweeper().sweep(house, house.log, 0)
    seen = at_desk(house, lambda desk: pending.describe(desk, writer.who, upload_id))
    assert seen.position is not None
    require_filed_once(house, ada, upload_id, DATA)


def test_parts_are_joined(house: House, ada: Person, writer: Bot) -> None:
    async def story(desk: Desk) -> str:
        parts = [await begun(desk, writer, 1_000, Form.PART) for _ in range(2)]
        for at, part in enumerate(parts):
            await sent(desk, writer, part, DATA[at * 1_000 : (at + 1) * 1_000])
        return (await joining.join(desk, writer.who, Words(name="both"), parts, None)).upload_id

    require_filed_once(house, ada, at_desk(house, story), DATA[:2_000])


def test_beginning_again_under_its_key_is_one_upload(house: House, writer: Bot) -> None:
    async def story(desk: Desk) -> None:
        first = await pending.create(desk, writer.who, Words(name="one"), 10, Form.WHOLE, asked())
        again = await pending.create(desk, writer.who, Words(name="one"), 10, Form.WHOLE, asked())
        assert (again.upload_id, again.replayed) == (first.upload_id, True)

    at_desk(house, story)


def test_an_upload_is_its_beginners(house: House, ada: Person, writer: Bot) -> None:
    """Not even between a person and their bots, unless the bot may do all that they may."""
    chat_id = started_chat(house, ada)

    def token(kind: TokenKind, *chats: str) -> Callable[[], Principal]:
        made = bot(house, ada, kind, *chats)
        return lambda: made.who

    ben = person(house, "ben")
    own: list[Callable[[], Principal]] = [lambda: ada.who, token("read_write")]
    others = [
        lambda: writer.who,
        token("write"),
        token("write", chat_id),
        token("read_write", chat_id),
        lambda: ben.who,
    ]

    async def tried(desk: Desk, who: Principal, upload_id: str) -> None:
        """Whoever is in a session may end it, and learns nothing of it."""
        with pytest.raises(NotFound):
            await pending.describe(desk, who, upload_id)
        if who.grant is not None or who.user != ada.user:
            with pytest.raises(NotFound):
                await pending.terminate(desk, who, upload_id)
        with pytest.raises(NotFound):
            await joining.join(desk, who, Words(chat_id=chat_id if who.chats else None), [upload_id], None)

    async def story(desk: Desk) -> None:
        for form, size_bytes in (
            (Form.WHOLE, 10),
            (Form.PART, 10),
            (Form.WHOLE, 0),
        ):  # The empty one is a file at once.
            by_ada = await begun(desk, ada, size_bytes, form)
            by_writer = await begun(desk, writer, size_bytes, form)
            for who in own:
                assert (await pending.describe(desk, who(), by_ada)).size_bytes == size_bytes
                await tried(desk, who(), by_writer)
            for who in others:
                await tried(desk, who(), by_ada)
            assert (await pending.describe(desk, writer.who, by_writer)).size_bytes == size_bytes

    at_desk(house, story)


def test_a_token_of_some_chats_uploads_into_them(house: House, ada: Person) -> None:
    inside, outside = started_chat(house, ada), started_chat(house, ada)

    scoped = [bot(house, ada, "write", inside), bot(house, ada, "read_write", inside)]

    async def story(desk: Desk) -> None:
        for who in [each.who for each in scoped]:
            upload = await pending.create(desk, who, Words(chat_id=inside), 10, Form.WHOLE, None)
            assert (await pending.describe(desk, who, upload.upload_id)).words.chat_id == inside
            with pytest.raises(NotFound):
                await pending.create(desk, who, Words(chat_id=outside), 10, Form.WHOLE, None)
            with pytest.raises(NotAllowed):
                await pending.create(desk, who, Words(), 10, Form.WHOLE, None)

    at_desk(house, story)
