"""How a visitor sees the page: how wide, in which theme, by which device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Look:
    """`touch`: a phone, with a finger for a pointer and the narrow page's own viewport."""

    name: str
    width_px: int
    height_px: int
    theme: Literal["light", "dark"]
    touch: bool = False
    motion: Literal["no-preference", "reduce"] = "no-preference"


WIDE: Final = Look("wide-light", 1280, 800, "light")
WIDE_DARK: Final = Look("wide-dark", 1280, 800, "dark")
MIDDLE: Final = Look("middle-light", 768, 1024, "light")
NARROW: Final = Look("narrow-light", 360, 740, "light", touch=True)
NARROW_DARK: Final = Look("narrow-dark", 360, 740, "dark", touch=True, motion="reduce")
SMALLEST: Final = Look("smallest", 320, 568, "light", touch=True)
LOOKS: Final = (WIDE, NARROW_DARK)
"""What every story is told in."""
