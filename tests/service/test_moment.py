"""Looking back: everything as it stood then, and what has been forgotten since stays forgotten."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import BadCredentials
from domain.events import AudioTranscribed, ChatDeleted, ClientHint, ErasureRequested, FileDeleted, Segment, Transcript
from domain.fact import Fact
from eventstore.record import Append
from projections.queries import Reader
from projections.runner import Projector
from service.desk.desk import Desk
from service.entrance import sessions
from service.files import chats, files, messages
from service.house.facts import Sealing, to_fact, to_records
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import authenticate, encode_token
from service.management import erasing
from service.processing.analysing import analyse
from service.processing.storing import load_file, store
from service.reading import opening, user_data
from service.reading.moment import Moment, moment, source
from service.reading.opening import Opener
from service.reading.user_data import Filters, Source, Top
from service.reading.views import ChatView, FileView, ItemView, MessageView, rfc3339
from tests import builders
from tests.api.asking import Clock
from tests.builders import DAY_US, Person, deleted_chat, started_chat, uploaded_file
from tests.media_made import tone_wav
from tests.service.desks import at_desk
from tests.service.keeping import say_deleted
from tests.service.test_user_data import project, say, shown, told

Seen = tuple[Top, list[ItemView]]


async def all_of(found: Source, filters: Filters = Filters()) -> Seen:  # noqa: B008  (frozen)
    """The head, and every item, page by page."""
    items: list[ItemView] = []
    after: int | None = None
    while True:
        page = await user_data.page(found, filters, after, 7)
        items += page.items
        if page.next_after is None:
            return user_data.head(found), items
        after = page.next_after


async def looked_back(desk: Desk, owner: Person, as_of: str, filters: Filters = Filters()) -> Seen:  # noqa: B008  (same)
    then = moment(desk.house.log, as_of, desk.house.clock_us())
    assert then is not None
    with closing(await desk.folds.look(owner.user, then.position)) as look:
        return await all_of(source(desk.house, owner.who, look.past, then), filters)


def as_of(house: House, owner: Person, position: int, filters: Filters = Filters()) -> Seen:  # noqa: B008  (same)
    return at_desk(house, lambda desk: looked_back(desk, owner, str(position), filters))


def texts(seen: Seen) -> list[str]:
    return shown(seen[1])


# -- what has changed since --------------------------------------------------------------------------------------


def test_a_chat_renamed_since_has_the_title_of_then(house: House, ada: Person) -> None:
    chat_id = told(house, ada, "first")
    then = house.log.head()
    at_desk(house, lambda desk: chats.rename(desk, ada.who, chat_id, "another title"))
    told(house, ada, "second", chat_id=chat_id)
    assert texts(as_of(house, ada, then)) == ["a chat", "first"]
    assert texts(as_of(house, ada, then + 1)) == ["another title", "first"]
    before, after = (as_of(house, ada, position)[1][0] for position in (then, then + 2))
    assert isinstance(before, ChatView)
    assert isinstance(after, ChatView)
    assert before.created_at == after.created_at < before.updated_at < after.updated_at


def test_a_message_has_the_status_of_then(house: House, ada: Person) -> None:
    chat_id = started_chat(house, ada)

    async def story(desk: Desk) -> list[str]:
        message_id = await say(desk, ada, chat_id, "hello")
        sent = desk.house.log.head()
        await messages.mark(desk, ada.who, message_id, "delivered", "", None)
        await messages.mark(desk, ada.who, message_id, "read", "", None)
        found = [(await looked_back(desk, ada, str(sent + step)))[1][-1] for step in range(3)]
        return [view.status for view in found if isinstance(view, MessageView)]

    assert at_desk(house, story) == ["sent", "delivered", "read"]


def test_a_file_is_what_it_was(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "share_done", lambda *_: 0.5)  # How far a worker has come today.
    file_id = uploaded_file(house, ada, b"words of then", name="then.txt")
    uploaded = house.log.head()
    store(house, house.log, file_id)
    (then,), (now,) = (as_of(house, ada, position)[1] for position in (uploaded, house.log.head()))
    assert isinstance(then, FileView)
    assert isinstance(now, FileView)
    assert (then.name, then.status, then.mime_type, then.progress) == ("then.txt", "processing", None, None)
    assert (now.name, now.status, now.mime_type, now.progress) == ("then.txt", "ready", "text/plain", 1.0)


def test_words_are_looked_for_in_the_transcripts_of_then(house: House, ada: Person) -> None:
    file_id = uploaded_file(house, ada, tone_wav(0.5), name="note.wav", kind="audio")
    store(house, house.log, file_id)
    analyse(house, house.log, file_id, transcripts=True)
    before = house.log.head()
    transcribed(house, ada, file_id, "about the garden")
    wanted = Filters(words=("garden",))
    assert texts(as_of(house, ada, before, wanted)) == []
    assert texts(as_of(house, ada, before + 1, wanted)) == ["note.wav"]
    ((then,), (now,)) = (as_of(house, ada, position)[1] for position in (before, before + 1))
    assert isinstance(then, FileView)
    assert isinstance(now, FileView)
    assert then.audio is not None
    assert now.audio is not None
    assert (then.audio.has_transcript, now.audio.has_transcript) == (False, True)


def transcribed(house: House, owner: Person, file_id: str, text: str) -> None:
    """Said by a worker that has listened to it."""
    loaded, key = load_file(house.log, file_id), Keychain(house, owner.who).details(file_id)
    assert loaded is not None
    assert key is not None
    spoken = AudioTranscribed(private=Transcript("en", (Segment(0.0, 1.0, text),)))
    stream = f"file-{file_id}"
    house.writer.append(Append(to_records(owner.user, stream, loaded.version, (spoken,), Sealing("details", key))))


def test_the_sessions_are_those_that_were_open_then(house: House, ada: Person) -> None:
    registered = house.log.head()

    async def story(desk: Desk) -> None:
        entry = await sessions.login(desk, ada.username, ada.password, ClientHint("another"), None)
        other = authenticate(house, encode_token(entry.token)).session_id
        own = ada.who.session_id
        await sessions.close_session(desk, ada.who, other, "closed")
        moments = (registered, entry.position, house.log.head())
        found = [(await looked_back(desk, ada, str(position)))[0][1] for position in moments]
        assert [{view.id for view in each} for each in found] == [{own}, {own, other}, {own}]
        assert [view.current for view in found[1]] == [True, False]

    at_desk(house, story)


# -- what is forgotten -------------------------------------------------------------------------------------------


def test_what_was_deleted_since_is_left_out_of_every_moment(house: House, ada: Person) -> None:
    stays, goes = told(house, ada, "stays"), told(house, ada, "goes")
    in_chat = uploaded_file(house, ada, b"in a chat", name="in-chat.txt", chat_id=goes)
    alone, kept = uploaded_file(house, ada, b"alone", name="alone.txt"), uploaded_file(house, ada, b"kept")
    for file_id in (in_chat, alone):
        store(house, house.log, file_id)
    then = house.log.head()
    assert texts(as_of(house, ada, then)) == [
        "a chat", "stays", "a chat", "goes", "in-chat.txt", "alone.txt", "notes.txt"
    ]  # fmt: skip
    at_desk(house, lambda desk: files.delete(desk, ada.who, alone))
    at_desk(house, lambda desk: chats.delete(desk, ada.who, goes))
    for projected in (False, True):
        if projected:
            project(house)
        assert texts(as_of(house, ada, then)) == ["a chat", "stays", "notes.txt"]
        assert texts(as_of(house, ada, then, Filters(chat_id=goes))) == []
        assert texts(as_of(house, ada, then, Filters(words=("goes",)))) == []
    assert {stays, kept} == {
        item.chat_id if isinstance(item, ChatView) else item.file_id
        for item in as_of(house, ada, then)[1]
        if not isinstance(item, MessageView)
    }


def test_a_crash_between_a_deletion_and_its_keys_shows_nothing_of_then(house: House, ada: Person) -> None:
    chat_id = told(house, ada, "goes")
    file_id = uploaded_file(house, ada, b"alone", name="alone.txt")
    uploaded_file(house, ada, b"in the chat", name="in-chat.txt", chat_id=chat_id)
    then = house.log.head()
    deleted_chat(house, ada, chat_id)
    say_deleted(house, ada, file_id)
    assert Keychain(house, ada.who).stream(f"chat-{chat_id}") is not None
    project(house)
    assert texts(as_of(house, ada, then)) == []


def test_what_the_tables_have_not_seen_yet_counts_as_there(house: House, ada: Person) -> None:
    told(house, ada, "seen")
    chat_id = started_chat(house, ada, "not projected")
    at_desk(house, lambda desk: say(desk, ada, chat_id, "nor is this"))
    uploaded_file(house, ada, b"nor this", chat_id=chat_id)
    assert texts(as_of(house, ada, house.log.head())) == [
        "a chat", "seen", "not projected", "nor is this", "notes.txt"
    ]  # fmt: skip


def test_of_an_account_that_is_being_erased_no_moment_shows_anything(house: House, ada: Person) -> None:
    told(house, ada, "once")
    then = house.log.head()
    stream = f"account-{ada.user}"
    erasure = to_records(ada.user, stream, len(house.log.read_stream(stream)), (ErasureRequested(),))
    house.writer.append(Append(erasure))
    project(house)
    assert house.keyring.account(ada.user) is not None  # The crash came before the keys.
    assert as_of(house, ada, then) == ((None, []), [])


def test_an_erased_account_stays_erased_and_a_new_one_of_the_name_has_no_past(house: House, ada: Person) -> None:
    told(house, ada, "once")
    then = house.log.head()
    at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
    with pytest.raises(BadCredentials):
        authenticate(house, encode_token(ada.token))
    project(house)
    assert as_of(house, ada, then) == ((None, []), [])  # Even for a request that had begun before.
    again = builders.person(house, "ada")
    assert as_of(house, again, then) == ((None, []), [])
    assert as_of(house, again, house.log.head())[0][0] is not None


# -- which moment ------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clocked(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "clocked"), clock)
    yield house
    house.close()


def test_a_time_is_the_last_position_reached_by_then(clocked: House, clock: Clock) -> None:
    ada = builders.person(clocked)
    rng = random.Random(5)
    for _ in range(25):
        clock.now_us += rng.choice((0, 0, 1, 7, 1_000_000))
        started_chat(clocked, ada)
    log = clocked.log
    times = [record.at_us for record in log.read_envelopes(0, 1_000)]
    for at_us in sorted({time_us + step for time_us in times for step in (-1, 0, 1)}):
        reached = sum(time_us <= at_us for time_us in times)
        assert moment(log, rfc3339(at_us), clock.now_us + 1) == Moment(reached, at_us)
    for position, at_us in enumerate(times, start=1):
        assert moment(log, str(position), clock.now_us) == Moment(position, at_us)


def test_moments_before_the_beginning_and_after_the_end(clocked: House, clock: Clock) -> None:
    log = clocked.log
    assert moment(log, "0", clock.now_us) == Moment(0, 0)
    assert moment(log, rfc3339(clock.now_us), clock.now_us) == Moment(0, clock.now_us)
    ada = builders.person(clocked)
    head = log.head()
    assert moment(log, "1970-01-01T00:00:00Z", clock.now_us) == Moment(0, 0)
    assert moment(log, "0001-01-01T00:00:00Z", clock.now_us) is not None
    assert moment(log, str(head + 1), clock.now_us) is None
    assert moment(log, "9" * 18, clock.now_us) is None
    assert moment(log, rfc3339(clock.now_us), clock.now_us) == Moment(head, clock.now_us)
    assert moment(log, rfc3339(clock.now_us + 1), clock.now_us) is None
    assert moment(log, rfc3339(clock.now_us), clock.now_us - 5) == Moment(head, clock.now_us)  # The clock was set back.
    assert as_of(clocked, ada, 0) == ((None, []), [])
    for nonsense in ("", "-1", "+1", "1.5", "9" * 19, "tomorrow", "2026-01-01T00:00:00", "\u0661"):
        with pytest.raises((ValueError, OverflowError)):
            moment(log, nonsense, clock.now_us)


def test_a_session_that_had_expired_by_then_was_not_open(clocked: House, clock: Clock) -> None:
    ada = builders.person(clocked)
    clock.now_us += DAY_US + 1
    project(clocked)
    at = [rfc3339(clock.now_us - since) for since in (2, 1, 0)]
    # mypy gives no type to a lambda with a default.
    found = [at_desk(clocked, lambda desk, text=text: looked_back(desk, ada, text)) for text in at]  # type: ignore[misc]  # Bound.
    assert [len(seen[0][1]) for seen in found] == [1, 0, 0]
    assert len(as_of(clocked, ada, clocked.log.head())[0][1]) == 1


# -- any history -------------------------------------------------------------------------------------------------


async def lived(desk: Desk, owner: Person, rng: random.Random, steps: int) -> None:
    """Whatever a person does, in any order."""
    house, who = desk.house, owner.who
    chat_ids = [started_chat(house, owner, "first")]
    message_ids: list[str] = []
    file_ids: list[str] = []
    for step in range(steps):
        match rng.choice(("chat", "say", "say", "say", "mark", "rename", "upload", "store", "drop", "forget", "login")):
            case "chat":
                chat_ids.append(started_chat(house, owner, f"chat {step}"))
            case "say" if chat_ids:
                message_ids.append(await say(desk, owner, rng.choice(chat_ids), f"words {step}"))
            case "mark" if message_ids:
                await messages.mark(desk, who, message_ids.pop(rng.randrange(len(message_ids))), "read", "", None)
            case "rename" if chat_ids:
                await chats.rename(desk, who, rng.choice(chat_ids), f"renamed {step}")
            case "upload":
                chat_id = rng.choice((None, *chat_ids))
                file_ids.append(uploaded_file(house, owner, b"data %d" % step, name=f"{step}.txt", chat_id=chat_id))
            case "store" if file_ids:
                store(house, house.log, rng.choice(file_ids))
            case "drop" if file_ids:
                await files.delete(desk, who, file_ids.pop(rng.randrange(len(file_ids))))
            case "forget" if chat_ids and rng.random() < 0.4:
                chat_id = chat_ids.pop(rng.randrange(len(chat_ids)))
                kept = [item for item in message_ids if not in_chat(house, item, chat_id)]
                message_ids[:] = kept
                await chats.delete(desk, who, chat_id)
            case "login" if rng.random() < 0.2:
                entry = await sessions.login(desk, owner.username, owner.password, ClientHint("again"), None)
                if rng.random() < 0.5:
                    opened = authenticate(house, encode_token(entry.token))
                    await sessions.close_session(desk, who, opened.session_id, "logout")
            case _:
                pass


def in_chat(house: House, message_id: str, chat_id: str) -> bool:
    return bool(house.log.read_stream(f"message-{message_id}")[0].envelope.public["chat"] == chat_id)


def forgotten(facts: list[Fact]) -> set[str]:
    """Ids of chats and files that are deleted at the end."""
    return {fact.subject for fact in facts if isinstance(fact.event, ChatDeleted | FileDeleted)}


def remains(view: ItemView, gone: set[str]) -> bool:
    match view:
        case FileView(file_id=file_id, chat_id=chat_id):
            return file_id not in gone and chat_id not in gone
        case ChatView(chat_id=chat_id) | MessageView(chat_id=chat_id):
            return chat_id not in gone


@pytest.mark.parametrize("seed", range(4))
def test_every_moment_is_a_replay_up_to_it_less_what_is_forgotten_at_the_end(
    house: House, ada: Person, tmp_path: Path, seed: int
) -> None:
    """The model: tables filled from a log cut short, nothing of which knows of looking back."""
    rng = random.Random(seed)
    ben = builders.person(house, "ben")

    async def story(desk: Desk) -> None:
        for steps in (25, 10, 25):
            await lived(desk, ada, rng, steps)
            await lived(desk, ben, rng, 3)

    at_desk(house, story)
    project(house)
    facts = [to_fact(record) for record in house.log.read_all(0, 10_000)]
    gone = forgotten(facts)
    assert gone

    async def compare(desk: Desk) -> None:
        with Projector(tmp_path / "model.db") as projector, closing(Reader(tmp_path / "model.db")) as model:
            for fact in facts:
                projector.apply([fact])
                today = Source(ada.user, model, Opener(house, ada.who, model), fact.at_us)
                top, items = await all_of(today)
                expected = (top, [item for item in items if remains(item, gone)])
                assert await looked_back(desk, ada, str(fact.position)) == expected
                if fact is facts[-1] or facts[fact.position].at_us > fact.at_us:
                    assert await looked_back(desk, ada, rfc3339(fact.at_us)) == expected

    at_desk(house, compare)
