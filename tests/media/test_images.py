"""Thumbnails: small, upright, anonymous; bombs and disguises are refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from service.media.errors import MediaFailed
from service.media.opening import thumbnail
from tests.media.recordings import Bytes, image

WIDE = Image.linear_gradient("L").resize((1_200, 600)).convert("RGB")
RED, BLUE = (220, 30, 30), (30, 30, 220)


def opened(webp: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(webp), formats=["WEBP"])
    picture.load()
    return picture


def turned(orientation: int) -> bytes:
    """Red above blue as it is stored; orientation as a camera notes it."""
    stored = Image.new("RGB", (800, 400), RED)
    stored.paste(BLUE, (0, 200, 800, 400))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"  # A place.
    return image("JPEG", stored, exif=exif, comment=b"made at home", quality=95)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_kind_of_picture_has_a_thumbnail(kind: str) -> None:
    made = thumbnail(Bytes(image(kind, WIDE)))
    assert (made.width, made.height) == (512, 256)
    assert (made.image_width, made.image_height) == (1_200, 600)
    assert opened(made.webp).size == (512, 256)


def test_a_small_picture_is_not_blown_up() -> None:
    made = thumbnail(Bytes(image("PNG", Image.new("RGB", (3, 2), RED))))
    assert (made.width, made.height) == (3, 2)


@pytest.mark.parametrize(
    ("orientation", "size", "top_left"),
    [(1, (800, 400), RED), (3, (800, 400), BLUE), (6, (400, 800), BLUE), (8, (400, 800), RED)],
)
def test_a_picture_is_upright(orientation: int, size: tuple[int, int], top_left: tuple[int, int, int]) -> None:
    made = thumbnail(Bytes(turned(orientation)))
    assert (made.image_width, made.image_height) == size
    pixel = opened(made.webp).convert("RGB").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert all(abs(is_ - should) < 40 for is_, should in zip(pixel, top_left, strict=True))


def test_nothing_but_pixels_goes_along() -> None:
    original = turned(6)
    assert b"Secret Camera" in original
    made = thumbnail(Bytes(original)).webp
    assert b"Secret" not in made
    assert b"made at home" not in made
    assert not {b"EXIF", b"XMP ", b"ICCP"} & {made[at : at + 4] for at in range(len(made))}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_sort_of_pixel_is_taken(mode: str) -> None:
    picture = Image.new(mode, (600, 300)) if mode == "I;16" else WIDE.resize((600, 300)).convert(mode)
    assert thumbnail(Bytes(image("PNG", picture))).width == 512


def test_cmyk_is_taken() -> None:
    assert thumbnail(Bytes(image("JPEG", WIDE.convert("CMYK")))).width == 512


def test_transparency_stays() -> None:
    made = thumbnail(Bytes(image("PNG", Image.new("RGBA", (600, 600), (255, 0, 0, 0)))))
    assert opened(made.webp).convert("RGBA").getpixel((10, 10))[3] == 0  # type: ignore[index]  # A pixel of RGBA.


def test_the_first_picture_of_several_is_shown() -> None:
    moving = image(
        "GIF", Image.new("RGB", (600, 600), RED), save_all=True, append_images=[Image.new("RGB", (600, 600), BLUE)]
    )
    pixel = opened(thumbnail(Bytes(moving)).webp).convert("RGB").getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel[0] > pixel[2]


def bomb() -> bytes:
    """30,000 × 30,000 pixels of one bit in some 110 KB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    side = 30_000
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_pixel_bomb_is_refused_before_it_is_decoded() -> None:
    data = bomb()
    assert len(data) < 200_000
    with pytest.raises(MediaFailed) as failed:
        thumbnail(Bytes(data))
    assert failed.value.code == "media_too_large"


class Huge(Bytes):
    """A picture whose file goes on for a gigabyte."""

    @property
    def size_bytes(self) -> int:
        return 1 << 30

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        return self.data[offset_bytes : offset_bytes + length_bytes].ljust(length_bytes, b"\0")


def test_a_file_too_large_for_a_picture_is_not_read() -> None:
    with pytest.raises(MediaFailed) as failed:
        thumbnail(Huge(image("WEBP", WIDE)))
    assert failed.value.code == "media_too_large"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "media_refused"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n", "media_refused"),
        (b"", "media_refused"),
        (b"PK\x03\x04" + bytes(100), "media_refused"),
        (image("TIFF", WIDE), "media_refused"),
        (image("BMP", WIDE), "media_refused"),
        (image("PNG", WIDE)[:300], "media_unreadable"),
        (image("JPEG", WIDE)[:200], "media_unreadable"),
        (image("WEBP", WIDE)[:100], "media_unreadable"),
        (image("GIF", WIDE)[:30], "media_unreadable"),
        (image("AVIF", WIDE)[:100], "media_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1_000), "media_unreadable"),
        (b"\xff\xd8\xff" + b"%!PS-Adobe-3.0 EPSF-3.0\n", "media_unreadable"),
    ],
    ids=[
        "svg", "postscript", "empty", "zip", "tiff", "bmp", "png-cut", "jpeg-cut", "webp-cut", "gif-cut", "avif-cut",
        "png-of-zeros", "postscript-as-jpeg",
    ],
)  # fmt: skip
def test_what_is_no_picture_of_ours_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MediaFailed) as failed:
        thumbnail(Bytes(data))
    assert failed.value.code == code
