"""What an upload under way is called, where it belongs and whose it is: kept sealed in its row.

Under a key of the person's, so sessions and tokens that reach everything share what they began; bound to the very token
for one that reaches less. A token that only writes has no key of the person's and seals under its own. Once it is a
file, the words lie under the file's key and are forgotten with it; of a sender who cannot read, nothing is kept.
"""

from __future__ import annotations

import msgspec

from domain.errors import NotFound
from domain.events import FileKind
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal
from service.house.reach import Reach
from vault.errors import SealBroken
from vault.keys import new_key
from vault.pending import PendingRow, Stage
from vault.seal import Binding, open_sealed, seal


class Words(msgspec.Struct, frozen=True):
    """What the client calls its upload, and where it belongs; `headers` are its own words, to be given back as they
    came. No repr: they are private."""

    name: str = ""
    declared_type: str = ""
    kind: FileKind = "file"
    chat_id: str | None = None
    message_id: str | None = None
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return "Words(…)"


class KeptWords(Words, frozen=True):
    """`stream_key`: that the file is to have, drawn at the beginning for a sender who could not find it out again from
    the keyring; b"" for all others."""

    stream_key: bytes = b""

    @property
    def plain(self) -> Words:
        """What the client has said, without the key."""
        return Words(**{name: getattr(self, name) for name in Words.__struct_fields__})

    def __repr__(self) -> str:
        return "KeptWords(…)"


def first_words(who: Principal, words: Words, upload_id: str) -> bytes:
    """As a new upload's row keeps them."""
    kept = KeptWords(**msgspec.structs.asdict(words), stream_key=b"" if who.reads else new_key())
    return _seal(who.writing.upload_key(), kept, who.user, upload_id, _owner(who))


def last_words(house: House, who: Principal, words: Words, upload_id: str) -> bytes | None:
    """As the row keeps them from when the upload is a file; None if that is deleted already."""
    of_file = _key_of_filed(house, who, upload_id)
    if of_file is None:
        return None
    key, purpose = of_file
    kept = KeptWords(**msgspec.structs.asdict(words)) if who.reads else KeptWords()
    return _seal(key, kept, who.user, upload_id, purpose)


def open_words(house: House, who: Principal, row: PendingRow) -> KeptWords | None:
    """None when the file has been deleted: its key, which sealed them last, is gone. NotFound for an upload that a
    token began, or the person did and a token asks for."""
    if row.stage is not Stage.FILED:
        key, purpose = who.writing.upload_key(), _owner(who)
    elif (of_file := _key_of_filed(house, who, row.upload_id)) is not None:
        key, purpose = of_file
    else:
        return None
    try:
        opened = open_sealed(key, row.words, _binding(who.user, row.upload_id, purpose))
    except SealBroken:
        raise NotFound("No such upload.") from None
    return msgspec.json.decode(opened, type=KeptWords)


def _owner(who: Principal) -> str:
    return "user" if who.reads and who.chats is None else f"token-{who.token_id}"


def _key_of_filed(house: House, who: Principal, upload_id: str) -> tuple[bytes, str] | None:
    """(key, purpose). None when the file is gone. NotFound when it is out of reach."""
    stream = f"file-{upload_id}"
    if not who.reads:
        known = house.keyring.stream_key(stream, who.user)
        return None if known is None else (who.writing.upload_key(), f"filed-{who.token_id}")
    if not Reach(house.log, who).file(upload_id):
        raise NotFound("No such upload.")
    key = Keychain(house, who).stream(stream)
    return None if key is None else (key, "file")


def _seal(key: bytes, words: KeptWords, user: str, upload_id: str, purpose: str) -> bytes:
    return seal(key, msgspec.json.encode(words), _binding(user, upload_id, purpose))


def _binding(user: str, upload_id: str, purpose: str) -> Binding:
    return Binding(user, f"file-{upload_id}", 0, "upload-words", purpose)
