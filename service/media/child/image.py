"""A small picture of a large one. Formats are listed, sizes are looked at before a pixel is decoded."""

from __future__ import annotations

import copy
import io
import struct
import zlib
from types import ModuleType
from typing import Final

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageColor,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    TiffTags,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from service.media.child.files import Input, Parent, Refused
from service.media.values import THUMBNAIL_SIDE, Job, Thumbnail

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# Pillow imports these when it first needs them: too late, no file can be opened then. TIFF is how it reads EXIF.
LOADED: Final[tuple[ModuleType, ...]] = (
    AvifImagePlugin, GifImagePlugin, ImageColor, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin,
    TiffTags, WebPImagePlugin, copy,
)  # fmt: skip
# JPEG is decoded at an eighth of its size where that is enough: phones make 200 megapixels of it.
JPEG_FACTOR: Final = 4
_SCALED: Final = ("JPEG", "MPO")  # MPO: a JPEG with a second picture behind it.
QUALITY: Final = 80
EXIF_ORIENTATION: Final = 0x0112
# Plugins raise what they like at broken data.
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, RuntimeError, ArithmeticError, AttributeError,
    struct.error, zlib.error,
)  # fmt: skip
_TURNED: Final = (5, 6, 7, 8)
_DEEP_GREY: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def run(job: Job, source: Input, _parent: Parent) -> Thumbnail:
    Image.MAX_IMAGE_PIXELS = None  # Ours is below, and does not warn first.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # No thread can be started any more.
    try:
        with Image.open(source.opened(), formats=FORMATS) as image:
            return _thumbnail(image, job.pixels)
    except UnidentifiedImageError:
        raise Refused("media_unreadable") from None
    except ConnectionError:
        raise  # The parent, not the picture.
    except _BROKEN:
        raise Refused("media_unreadable") from None


def _thumbnail(image: Image.Image, pixels_max: int) -> Thumbnail:
    width, height = image.size
    if width * height > pixels_max * (JPEG_FACTOR if image.format in _SCALED else 1):
        raise Refused("media_too_large")
    if image.getexif().get(EXIF_ORIENTATION) in _TURNED:
        width, height = height, width
    if image.mode in _DEEP_GREY:
        image = _shallow(image)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(image)
    small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    small.info.clear()  # No place, no device, no comment goes along.
    webp = io.BytesIO()
    small.save(webp, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return Thumbnail(webp.getvalue(), *small.size, width, height)


def _shallow(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits, which nothing but a few operations take, as 8 bits."""
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
