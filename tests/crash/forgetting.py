"""Forgetting: a file, one of two of equal content, a chat, an account. Asked for, it is finished by whoever comes."""

from __future__ import annotations

from typing import Final

from domain.errors import BadCredentials
from domain.events import AccountErased, ChatDeleted, ChatErased, ErasureRequested, FileDeleted, FileErased
from service.desk.desk import Desk
from service.entrance import sessions
from service.files import chats, files
from service.house.forgetting import finish_chat
from service.house.house import House
from service.house.keychain import Keychain
from service.management import erasing
from service.processing.storing import store
from tests.builders import NO_HINT
from tests.crash.story import (
    DATA,
    PASSWORD,
    Ada,
    Facts,
    More,
    Operation,
    by_ada,
    enters,
    file_bytes,
    here,
    is_let_in,
    judged,
    prepared,
    project,
    require_readable,
    told,
    uploaded,
)


def require_no_trace(house: House, file_id: str) -> None:
    """No key of it, and no byte."""
    keyring = house.keyring
    assert keyring.still_keyed([f"file-{file_id}"]) == []
    assert keyring.spool_key(file_id) is None
    assert not keyring.blob_in_use(file_id)
    assert house.layout.blob_files(file_id) == []
    assert not house.layout.spool_file(file_id).exists()


async def _delete_file(desk: Desk, ada: Ada) -> None:
    await files.delete(desk, ada.who, ada.facts.file)


async def _is_file_deleted(desk: Desk, facts: Facts) -> bool:
    house, stream = desk.house, f"file-{facts.file}"
    who = here(house, facts.token)
    deleted = told(house, stream, FileDeleted)
    assert told(house, stream, FileErased) == deleted
    if deleted:
        require_no_trace(house, facts.file)
        assert Keychain(house, who).stream(f"chat-{facts.chat}") is not None
    else:
        require_readable(house, who, facts)
    return bool(deleted)


async def _equal_file(desk: Desk, ada: Ada) -> More:
    twin = await uploaded(desk, ada.who, DATA)
    store(desk.house, desk.house.log, twin)
    return {"twin": twin}


async def _is_one_of_two_deleted(desk: Desk, facts: Facts) -> bool:
    """The bytes lie in the deleted file's blob, and stay as long as the other file needs them."""
    house, stream = desk.house, f"file-{facts.file}"
    who = here(house, facts.token)
    assert file_bytes(house, who, facts.more["twin"]) == DATA
    deleted = told(house, stream, FileDeleted)
    assert told(house, stream, FileErased) == deleted
    assert (house.keyring.still_keyed([stream]) == []) == bool(deleted)
    if not deleted:
        require_readable(house, who, facts)
    return bool(deleted)


async def _delete_chat(desk: Desk, ada: Ada) -> None:
    """And the worker that follows."""
    await chats.delete(desk, ada.who, ada.facts.chat)
    project(desk.house)
    finish_chat(desk.house, desk.house.log, ada.facts.chat)


async def _is_chat_deleted(desk: Desk, facts: Facts) -> bool:
    house, stream = desk.house, f"chat-{facts.chat}"
    deleted = told(house, stream, ChatDeleted)
    assert told(house, stream, ChatErased) == deleted
    assert told(house, f"file-{facts.file}", FileErased) == deleted
    if deleted:
        assert house.keyring.still_keyed([stream, f"message-{facts.message}"]) == []
        require_no_trace(house, facts.file)
    else:
        require_readable(house, here(house, facts.token), facts)
    return bool(deleted)


async def _half_sent(desk: Desk, ada: Ada) -> More:
    """A file that waits in its spool."""
    return {"waiting": await uploaded(desk, ada.who, DATA[:100])}


async def _erase(desk: Desk, ada: Ada) -> None:
    """And the worker that follows."""
    await erasing.erase(desk, ada.who, PASSWORD)
    assert erasing.finish(desk.house, desk.house.log, ada.who.user)


async def _is_erased(desk: Desk, facts: Facts) -> bool:
    house, stream = desk.house, f"account-{facts.user}"
    asked_for = told(house, stream, ErasureRequested)
    assert told(house, stream, AccountErased) == asked_for
    if not asked_for:
        assert await enters(desk, facts, PASSWORD)
        return False
    assert not is_let_in(house, facts.token)
    try:
        await sessions.login(desk, "ada", PASSWORD, NO_HINT, None)
    except BadCredentials:
        pass
    else:
        raise AssertionError("an erased account lets in")
    assert house.keyring.account(facts.user) is None
    assert house.keyring.stream_keys_before(2**62, "", 10) == []
    for file_id in (facts.file, facts.more["waiting"]):
        require_no_trace(house, file_id)
    assert house.reader.user(facts.user) is None
    return True


FORGETTING: Final = (
    Operation(
        "Deleting a file",
        "it opens, as do its message and its chat",
        "its keys and its bytes are gone, and the log says that they are",
        by_ada(_delete_file),
        judged(_is_file_deleted),
    ),
    Operation(
        "Deleting one of two files of equal content",
        "both open",
        "its keys are gone, and the other opens",
        by_ada(_delete_file),
        judged(_is_one_of_two_deleted),
        prepared(_equal_file),
    ),
    Operation(
        "Deleting a chat",
        "it opens, with its message and its file",
        "its key, its messages' and its files' are gone, the bytes too, and the log says that they are",
        by_ada(_delete_chat),
        judged(_is_chat_deleted),
    ),
    Operation(
        "Erasing an account",
        "it lets in, and all of it opens",
        "nothing lets in, no key and no byte is left, and the log says so",
        by_ada(_erase),
        judged(_is_erased),
        prepared(_half_sent),
    ),
)
