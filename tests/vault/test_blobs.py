"""Blobs against Tink as a second implementation, every range, and every way of damaging a file."""

import hashlib
import io
import stat
from pathlib import Path

import pytest
import tink
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from vault import durable
from vault.blobs import (
    FIRST_PLAIN_BYTES,
    HEADER_BYTES,
    PLAIN_BYTES,
    SEGMENT_BYTES,
    BlobReader,
    BlobSeal,
    BlobWriter,
    blob_associated_data,
    create_blob,
)
from vault.errors import BlobBroken

KEY = bytes(range(32))
DATA = blob_associated_data("u1", "f1")
THREE_SEGMENTS = FIRST_PLAIN_BYTES + PLAIN_BYTES + 1000
BOUNDARIES = [
    0,
    1,
    4096,
    FIRST_PLAIN_BYTES - 1,
    FIRST_PLAIN_BYTES,
    FIRST_PLAIN_BYTES + 1,
    FIRST_PLAIN_BYTES + PLAIN_BYTES - 1,
    FIRST_PLAIN_BYTES + PLAIN_BYTES,
    FIRST_PLAIN_BYTES + PLAIN_BYTES + 1,
    FIRST_PLAIN_BYTES + 4 * PLAIN_BYTES,
    5_000_000,
]


class KeptOpen(io.BytesIO):
    """Tink closes what it writes to; the bytes are wanted afterwards."""

    def close(self) -> None:
        pass


def sample(size_bytes: int) -> bytes:
    """Bytes in which every place differs from its neighbours, the same each time."""
    return hashlib.shake_128(b"sample").digest(size_bytes)


def write_blob(path: Path, plaintext: bytes, piece_bytes: int = 1 << 20) -> BlobSeal:
    with create_blob(path) as pending:
        writer = BlobWriter(pending, KEY, DATA)
        for start in range(0, len(plaintext), piece_bytes):
            writer.write(plaintext[start : start + piece_bytes])
        sealed = writer.finish()
        pending.commit()
    return sealed


def read_blob(path: Path, key: bytes = KEY, associated_data: bytes = DATA) -> bytes:
    with path.open("rb") as file:
        reader = BlobReader(file, key, associated_data)
        return b"".join(reader.read_range(0, reader.size_bytes))


@pytest.fixture(scope="module")
def tink_aead() -> streaming_aead.StreamingAead:
    """Tink's AES256_GCM_HKDF_1MB holding our key, RAW."""
    streaming_aead.register()
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0,
        key_value=KEY,
        params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
            ciphertext_segment_size=1 << 20, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
        ),
    )
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add()
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = key.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    entry.status, entry.key_id, entry.output_prefix_type = tink_pb2.ENABLED, 1, tink_pb2.RAW
    handle = cleartext_keyset_handle.from_keyset(keyset)
    primitive: streaming_aead.StreamingAead = handle.primitive(streaming_aead.StreamingAead)
    return primitive


@pytest.mark.parametrize("size_bytes", BOUNDARIES)
def test_tink_opens_what_strongroom_writes(
    tmp_path: Path, tink_aead: streaming_aead.StreamingAead, size_bytes: int
) -> None:
    plaintext = sample(size_bytes)
    write_blob(tmp_path / "blob", plaintext)
    with tink_aead.new_decrypting_stream((tmp_path / "blob").open("rb"), DATA) as stream:
        assert stream.read() == plaintext


@pytest.mark.parametrize("size_bytes", BOUNDARIES)
def test_strongroom_opens_what_tink_writes(
    tmp_path: Path, tink_aead: streaming_aead.StreamingAead, size_bytes: int
) -> None:
    plaintext = sample(size_bytes)
    sink = KeptOpen()
    with tink_aead.new_encrypting_stream(sink, DATA) as stream:
        stream.write(plaintext)
    (tmp_path / "blob").write_bytes(sink.getvalue())
    assert read_blob(tmp_path / "blob") == plaintext


def test_tink_refuses_other_associated_data_too(tmp_path: Path, tink_aead: streaming_aead.StreamingAead) -> None:
    write_blob(tmp_path / "blob", b"hello")
    with (
        pytest.raises(tink.TinkError),
        tink_aead.new_decrypting_stream((tmp_path / "blob").open("rb"), b"other") as stream,
    ):
        stream.read()


@pytest.mark.parametrize("piece_bytes", [1000, 65_536, SEGMENT_BYTES - 1, SEGMENT_BYTES, 3_000_000])
def test_pieces_of_any_size_give_the_same_blob(tmp_path: Path, piece_bytes: int) -> None:
    plaintext = sample(THREE_SEGMENTS)
    write_blob(tmp_path / "blob", plaintext, piece_bytes)
    assert read_blob(tmp_path / "blob") == plaintext


@pytest.mark.parametrize("size_bytes", BOUNDARIES)
def test_the_seal_names_sizes_and_ciphertext_hash(tmp_path: Path, size_bytes: int) -> None:
    sealed = write_blob(tmp_path / "blob", sample(size_bytes))
    ciphertext = (tmp_path / "blob").read_bytes()
    assert sealed == BlobSeal(size_bytes, len(ciphertext), hashlib.sha256(ciphertext).digest())
    with (tmp_path / "blob").open("rb") as file:
        assert BlobReader(file, KEY, DATA).size_bytes == size_bytes


def test_a_sink_that_takes_little_at_a_time_gets_everything(tmp_path: Path) -> None:
    class Dribble(io.BytesIO):
        def write(self, data: object, /) -> int:
            return super().write(bytes(data)[:100_000])  # type: ignore[call-overload]  # Any buffer.

    sink = Dribble()
    writer = BlobWriter(sink, KEY, DATA)
    writer.write(sample(THREE_SEGMENTS))
    writer.finish()
    (tmp_path / "blob").write_bytes(sink.getvalue())
    assert read_blob(tmp_path / "blob") == sample(THREE_SEGMENTS)


def test_two_blobs_of_one_plaintext_share_no_salt_and_no_nonce_prefix() -> None:
    headers, prefixes = set(), set()
    for _ in range(2):
        sink = io.BytesIO()
        writer = BlobWriter(sink, KEY, DATA)
        headers.add(sink.getvalue()[1:33])
        prefixes.add(writer.nonce_prefix)
        assert sink.getvalue()[33:40] == writer.nonce_prefix
    assert len(headers) == len(prefixes) == 2


@pytest.fixture(scope="module")
def long_blob(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blobs") / "blob"
    write_blob(path, sample(THREE_SEGMENTS))
    return path


@given(st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_range_equals_the_slice(long_blob: Path, data: st.DataObject) -> None:
    near = [FIRST_PLAIN_BYTES, FIRST_PLAIN_BYTES + PLAIN_BYTES, THREE_SEGMENTS]
    edge = st.sampled_from([at + step for at in near for step in (-1, 0, 1)]).map(lambda at: min(at, THREE_SEGMENTS))
    start, end = sorted(data.draw(st.tuples(*[edge | st.integers(0, THREE_SEGMENTS)] * 2)))
    with long_blob.open("rb") as file:
        pieces = list(BlobReader(file, KEY, DATA).read_range(start, end))
    assert b"".join(pieces) == sample(THREE_SEGMENTS)[start:end]
    assert all(0 < len(piece) <= SEGMENT_BYTES for piece in pieces)


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (1, 0), (0, THREE_SEGMENTS + 1)])
def test_a_range_outside_the_blob_is_refused_at_once(long_blob: Path, start: int, end: int) -> None:
    with long_blob.open("rb") as file, pytest.raises(ValueError, match="range"):
        BlobReader(file, KEY, DATA).read_range(start, end)


@pytest.mark.parametrize(
    "kept_bytes",
    [
        0,
        1,
        HEADER_BYTES - 1,
        HEADER_BYTES,
        HEADER_BYTES + 15,
        HEADER_BYTES + 16,
        HEADER_BYTES + 500,
        SEGMENT_BYTES - 1,
        SEGMENT_BYTES,
        SEGMENT_BYTES + 1,
        SEGMENT_BYTES + 16,
        SEGMENT_BYTES + 17,
        2 * SEGMENT_BYTES - 1,
        2 * SEGMENT_BYTES,
        2 * SEGMENT_BYTES + 16,
        -1,
    ],
)
def test_a_truncated_blob_is_refused_at_open(tmp_path: Path, long_blob: Path, kept_bytes: int) -> None:
    (tmp_path / "cut").write_bytes(long_blob.read_bytes()[:kept_bytes])
    with (tmp_path / "cut").open("rb") as file, pytest.raises(BlobBroken):
        BlobReader(file, KEY, DATA)


@pytest.mark.parametrize("size_bytes", [0, FIRST_PLAIN_BYTES, FIRST_PLAIN_BYTES + PLAIN_BYTES])
def test_a_lengthened_blob_is_refused_at_open(tmp_path: Path, size_bytes: int) -> None:
    write_blob(tmp_path / "blob", sample(size_bytes))
    with (tmp_path / "blob").open("ab") as file:
        file.write(bytes(16))
    with (tmp_path / "blob").open("rb") as file, pytest.raises(BlobBroken):
        BlobReader(file, KEY, DATA)


@pytest.mark.parametrize(
    "place",
    [
        *(0, 1, 20, 33, 39),  # Header: length, salt, nonce prefix.
        *(40, 500_000, SEGMENT_BYTES - 1),
        *(SEGMENT_BYTES, SEGMENT_BYTES + 7, 2 * SEGMENT_BYTES - 1),
        *(2 * SEGMENT_BYTES, -17, -16, -1),
    ],
)
def test_a_changed_bit_is_never_read(tmp_path: Path, long_blob: Path, place: int) -> None:
    changed = bytearray(long_blob.read_bytes())
    changed[place] ^= 1
    (tmp_path / "blob").write_bytes(changed)
    with pytest.raises(BlobBroken):
        read_blob(tmp_path / "blob")


def test_sound_segments_beside_a_damaged_one_can_still_be_read(tmp_path: Path, long_blob: Path) -> None:
    changed = bytearray(long_blob.read_bytes())
    changed[SEGMENT_BYTES + 5] ^= 1
    (tmp_path / "blob").write_bytes(changed)
    with (tmp_path / "blob").open("rb") as file:
        reader = BlobReader(file, KEY, DATA)
        assert b"".join(reader.read_range(0, 10)) == sample(10)
        with pytest.raises(BlobBroken):
            list(reader.read_range(0, reader.size_bytes))


def test_swapped_segments_are_refused(tmp_path: Path) -> None:
    write_blob(tmp_path / "blob", sample(FIRST_PLAIN_BYTES + 3 * PLAIN_BYTES))
    raw = (tmp_path / "blob").read_bytes()
    first, second, third, fourth = (raw[at : at + SEGMENT_BYTES] for at in range(0, len(raw), SEGMENT_BYTES))
    (tmp_path / "blob").write_bytes(first + third + second + fourth)
    with pytest.raises(BlobBroken):
        read_blob(tmp_path / "blob")


def test_another_key_or_other_associated_data_do_not_open(long_blob: Path) -> None:
    with pytest.raises(BlobBroken):
        read_blob(long_blob, key=bytes(32))
    with pytest.raises(BlobBroken):
        read_blob(long_blob, associated_data=blob_associated_data("u1", "f1", "thumbnail"))


def test_associated_data_keeps_its_fields_apart() -> None:
    assert blob_associated_data("u", "1f") != blob_associated_data("u1", "f")
    assert blob_associated_data("u", "f") == blob_associated_data("u", "f", "original")


def test_a_file_that_shrinks_under_the_reader_is_refused(tmp_path: Path, long_blob: Path) -> None:
    (tmp_path / "blob").write_bytes(long_blob.read_bytes())
    with (tmp_path / "blob").open("r+b") as file:
        reader = BlobReader(file, KEY, DATA)
        file.truncate(SEGMENT_BYTES)
        with pytest.raises(BlobBroken):
            list(reader.read_range(FIRST_PLAIN_BYTES, FIRST_PLAIN_BYTES + 1))


def test_a_blob_that_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with create_blob(tmp_path / "blob") as pending:
            BlobWriter(pending, KEY, DATA).write(b"hello")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_blob_is_private_locked_and_nameless_until_committed(tmp_path: Path) -> None:
    with create_blob(tmp_path / "blob") as pending:
        (part,) = tmp_path.iterdir()
        assert part.name.endswith(".part")
        assert not durable.is_abandoned(part)
        BlobWriter(pending, KEY, DATA).finish()
        pending.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["blob"]
    assert stat.S_IMODE((tmp_path / "blob").stat().st_mode) == 0o600


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="blob key"):
        BlobWriter(io.BytesIO(), bytes(16), DATA)
