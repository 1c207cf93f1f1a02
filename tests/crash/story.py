"""What every story of a crash has: Ada and her data in a folder, the start after it, and what must open then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from domain.errors import BadCredentials
from domain.events import AnyEvent, ChatStarted, MessageSent
from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from projections.runner import Projector
from service.accounts.accounts import account_index
from service.accounts.registering import Registration, register
from service.desk.desk import Desk
from service.entrance import sessions
from service.factors.second_factor import NO_PROOF, Proof
from service.files import chats, messages
from service.files.messages import Draft
from service.house.facts import open_event, to_fact
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal, authenticate, encode_token
from service.machine.config import Settings
from service.processing.storing import Done, store
from service.signing.continuity import require_history
from service.upkeep import projecting, sweep
from service.upkeep.projecting import catch_up
from service.uploads import uploads
from service.uploads.uploads import Place
from tests import builders
from tests.builders import NO_HINT, blob_bytes
from tests.service.desks import at_desk
from tests.service.holding import errands_done
from tests.service.logs import sign
from tests.service.receiving import NOWHERE, receive
from vault.kdf import recovery_keys, verify
from vault.keys import UserKeys, unwrap_user_key

EMAIL: Final = "ada@example.org"
PASSWORD: Final = "correct horse battery staple"
NEW_PASSWORD: Final = "a wholly other staple of horses"
DATA: Final = bytes(range(256)) * 40
TITLE: Final = "Harbour"
CONTENT: Final = "the tide is in"
BEGAN_US: Final = 1_800_000_000_000_000
ACTED_S: Final = 60  # After the beginning, when other codes are shown.
JUDGED_S: Final = 180  # Past the grace of a registration that was cut off.
AGAIN_S: Final = 240
ALL_BLOB_FOLDERS: Final = sweep.BLOB_FOLDERS
More = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What Ada has and knows: a session, her recovery code, a chat with a message and its file; and what a story adds
    to it. It goes from process to process."""

    user: str
    token: bytes
    code: str
    chat: str
    message: str
    file: str
    more: More = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folder:
    """Everything of one story lies in `root`. `later_s`: what the time is, after the beginning."""

    root: Path
    later_s: int = 0
    server_key: str | None = None

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def settings(self) -> Settings:
        return builders.settings(self.data, server_key=self.server_key)

    @contextmanager
    def opened(self, *, older: bool = False) -> Iterator[House]:
        """Its clock stands still."""
        now_us = BEGAN_US + self.later_s * 1_000_000
        with closing(House(self.settings, lambda: now_us, older_keyring=older)) as house:
            yield house


Mark = Callable[[], None]
Act = Callable[[Folder, Facts, Mark, Mark], None]
"""What is cut off. Between the first mark and the second steps count."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`old` and `new`: what each state is, in a sentence. `judge`: True for the new one, after the start that follows a
    crash; AssertionError for what is neither. `again`: whether what was left undone can be asked for once more, by the
    same request, and is done then. `prepare`: what is there before, besides Ada; `empty`: not even
    she; `bare`: the folder does not open by itself."""

    name: str
    old: str
    new: str
    act: Act
    judge: Callable[[Folder, Facts], bool]
    prepare: Callable[[Folder, Facts], More] | None = None
    again: bool = True
    empty: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Ada:
    """At a desk, with her session."""

    who: Principal
    facts: Facts


def begun(folder: Folder) -> Facts:
    """Ada's data, stored, projected and signed."""
    with folder.opened() as house:

        async def story(desk: Desk) -> Facts:
            entry = await register(desk, Registration("ada", EMAIL, PASSWORD, NO_HINT), None)
            who = authenticate(house, encode_token(entry.token))
            chat = (await chats.start(desk, who, TITLE, None)).chat_id
            message = (await messages.send(desk, who, draft(chat), None)).message_id
            file = await uploaded(desk, who, DATA, Place(chat, message))
            return Facts(entry.user.user_id, entry.token, entry.recovery_code, chat, message, file)

        facts = at_desk(house, story)
        assert store(house, house.log, facts.file) is Done.STORED
        project(house)
        sign(house)
        errands_done(house)
        return facts


def draft(chat: str, content: str = CONTENT) -> Draft:
    return Draft(content, chat, "text/plain", "user", None, ())


async def uploaded(desk: Desk, who: Principal, data: bytes, place: Place = NOWHERE) -> str:
    done, _ = await uploads.commit(desk, who, place, [await receive(desk, data)], None)
    return done.files[0].file_id


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector:
        catch_up(house.log, projector)


# -- acting and judging --------------------------------------------------------------------------------------------


def by_ada(act: Callable[[Desk, Ada], Awaitable[object]]) -> Act:
    """What she does in her session, as a request does it."""

    def carry_out(folder: Folder, facts: Facts, begin: Mark, end: Mark) -> None:
        with folder.opened() as house:
            ada = Ada(here(house, facts.token), facts)
            begin()
            at_desk(house, lambda desk: act(desk, ada))
            end()

    return carry_out


def by_anybody(act: Callable[[Desk, Facts], Awaitable[object]]) -> Act:
    def carry_out(folder: Folder, facts: Facts, begin: Mark, end: Mark) -> None:
        with folder.opened() as house:
            begin()
            at_desk(house, lambda desk: act(desk, facts))
            end()

    return carry_out


def by_worker(act: Callable[[House, Facts], object]) -> Act:
    def carry_out(folder: Folder, facts: Facts, begin: Mark, end: Mark) -> None:
        with folder.opened() as house:
            begin()
            act(house, facts)
            end()

    return carry_out


def prepared(act: Callable[[Desk, Ada], Awaitable[More]]) -> Callable[[Folder, Facts], More]:
    def prepare(folder: Folder, facts: Facts) -> More:
        with folder.opened() as house:
            ada = Ada(here(house, facts.token), facts)
            more = at_desk(house, lambda desk: act(desk, ada))
            project(house)
            errands_done(house)
            return more

    return prepare


def judged(state: Callable[[Desk, Facts], Awaitable[bool]]) -> Callable[[Folder, Facts], bool]:
    """After a start, at a desk."""

    def judge(folder: Folder, facts: Facts) -> bool:
        with started(folder) as house:
            return at_desk(house, lambda desk: state(desk, facts))

    return judge


def judged_while_others_run(state: Callable[[Desk, Facts], Awaitable[bool]]) -> Callable[[Folder, Facts], bool]:
    """The process that died was one of several: nothing starts, and nothing is swept."""

    def judge(folder: Folder, facts: Facts) -> bool:
        with folder.opened() as house:
            project(house)
            return at_desk(house, lambda desk: state(desk, facts))

    return judge


@contextmanager
def started(folder: Folder) -> Iterator[House]:
    """As `strongroom up` starts, and with the projector's and the sweeper's first rounds behind it."""
    with folder.opened() as house:
        require_history(house.layout, house.settings)
        with house.alone() as alone:
            assert alone
            for _ in range(3):  # Then what it finds by the read tables; and what it says of that.
                _sweep_in_one_round(house)
                project(house)
        yield house


def _sweep_in_one_round(house: House) -> None:
    """As thoroughly, but without asking for folders of blobs that are not there, eight at a time. It stays so: this is
    a process of its own."""
    there = tuple(path.name for path in house.layout.blobs.iterdir())
    assert set(there) <= set(ALL_BLOB_FOLDERS)
    vars(sweep).update(BLOB_FOLDERS=there or ALL_BLOB_FOLDERS[:1], BLOB_FOLDERS_PER_SWEEP=len(there) or 1, ROUNDS=1)
    sweep.first_sweep(house)


def require_sound(folder: Folder, *, deep: bool) -> None:
    """The log is what was signed, and on it; `deep`: a rebuild of the read tables would change nothing."""
    verdict = verify_folder(folder.data, Policy(), lambda _done, _total: None)
    assert verdict.sound, verdict
    if deep:
        with folder.opened() as house:
            project(house)
            assert projecting.check(house) == []


# -- what must open ------------------------------------------------------------------------------------------------


def here(house: House, token: bytes) -> Principal:
    """Who has this token. What is noted of its use is noted when this returns."""
    who = authenticate(house, encode_token(token))
    errands_done(house)
    return who


def is_let_in(house: House, token: bytes) -> bool:
    try:
        here(house, token)
    except BadCredentials:
        return False
    return True


async def signs_in(desk: Desk, password: str, name: str = "ada", code: str | None = None) -> bool:
    """Whether this lets Ada in; then it opens what she has."""
    try:
        proof = NO_PROOF if code is None else Proof(code)
        entry = await sessions.login(desk, name, password, NO_HINT, None, proof)
    except BadCredentials:
        return False
    return here(desk.house, entry.token).user == entry.user.user_id


def require_readable(house: House, who: Principal, facts: Facts) -> None:
    """Chat, message and file, as she left them."""
    chat_key = Keychain(house, who).stream(f"chat-{facts.chat}")
    assert chat_key is not None
    started_, sent = (
        open_event(house.log.read_stream(stream)[0], chat_key)
        for stream in (f"chat-{facts.chat}", f"message-{facts.message}")
    )
    assert isinstance(started_, ChatStarted)
    assert isinstance(sent, MessageSent)
    assert started_.private is not None
    assert sent.private is not None
    assert (started_.private.title, sent.private.content) == (TITLE, CONTENT)
    assert file_bytes(house, who, facts.file) == DATA


async def enters(desk: Desk, facts: Facts, password: str, name: str = "ada", code: str | None = None) -> bool:
    """As `signs_in`, and all of her data opens."""
    try:
        proof = NO_PROOF if code is None else Proof(code)
        entry = await sessions.login(desk, name, password, NO_HINT, None, proof)
    except BadCredentials:
        return False
    require_readable(desk.house, here(desk.house, entry.token), facts)
    return True


def code_opens(house: House, facts: Facts, code: str) -> bool:
    """Whether the recovery code still is one; then the key under it opens her data."""
    row = house.keyring.find_account(account_index(house, "ada"))
    assert row is not None
    keys = recovery_keys(code, row.user_id, house.server.purpose("pepper"))
    if not verify(keys.auth, row.recovery_verifier):
        return False
    user_key = unwrap_user_key(keys.kek, row.user_by_recovery, row.user_id, "recovery")
    require_readable(house, Principal(row.user_id, "", 0, UserKeys(row.user_id, user_key)), facts)
    return True


def file_bytes(house: House, who: Principal, file_id: str) -> bytes:
    return blob_bytes(house, builders.Person(who, b"", "", "", ""), file_id)


def events(house: House, stream: str) -> list[AnyEvent]:
    return [to_fact(record).event for record in house.log.read_stream(stream)]


def told(house: House, stream: str, kind: type) -> int:
    """How often the log has this event in the stream."""
    return sum(isinstance(event, kind) for event in events(house, stream))
