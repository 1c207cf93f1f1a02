"""The picture of the house, drawn from the import contracts: rooms and floors as they stand in pyproject.toml, called
what their packages call themselves, and the way of a message and of an upload through them.

`python -m tests.docs.house` writes docs/house.svg anew.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from tests.docs.ways import MESSAGE, UPLOAD, Way

ROOT: Final = Path(__file__).parents[2]
PICTURE: Final = ROOT / "docs" / "house.svg"

WIDTH: Final = 800
EDGE: Final = 24  # From the card to what stands on it; also the gap in which nothing is drawn.
GAP: Final = 8
ROOM: Final = 62  # Height of a room.
FLOOR: Final = 26  # Height of a floor of `service`.
LINE: Final = 20  # Height of a line of text below the house.
BADGE: Final = 9  # Radius.
WORDS_MAX: Final = 92  # On one line of a floor; in rooms there is place for more.

# One card, dark on light pages and on dark ones, so that every text has its own ground to stand on.
CARD, INK, FAINT = "#1f2733", "#f5f7fa", "#b4c0cf"
DOOR, SERVICE, ON_SERVICE, STORE, RULES = "#34567a", "#2b3646", "#3d4c61", "#2f6657", "#64497a"
FILLS: Final = {"api": DOOR, "workers": DOOR, "service": SERVICE, "domain": RULES}  # The rest are stores.

FONT: Final = 'font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif" font-size="13"'

Box = tuple[float, float, float, float]
"""x, y, width, height."""


def levels(contract: str) -> list[list[str]]:
    """The layers of an import contract, the highest first; who shares a line stands in one list."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    layers = next(each["layers"] for each in tool["importlinter"]["contracts"] if each["id"] == contract)
    return [[name.strip() for name in re.split(r"[|:]", layer)] for layer in layers]


def rooms() -> list[list[str]]:
    """Without the tools that stand on top of the house and are no part of it."""
    return [level for level in levels("layers") if "tests" not in level]


def stands_alone(room: str) -> bool:
    """Whether a contract keeps a room from importing the one below it: it is drawn down to the ground."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    below = rooms()[-1]
    return any(
        room in contract["source_modules"] and set(below) <= set(contract["forbidden_modules"])
        for contract in tool["importlinter"]["contracts"]
        if contract["type"] == "forbidden"
    )


def words(package: str) -> str:
    """What a package says of itself: its first sentence; of a floor, where that is too long, what it begins with."""
    said = ast.get_docstring(ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text()))
    assert said is not None, f"{package} does not say what it is"
    sentence, *_ = re.split(r"\. |\.$", " ".join(said.split()))
    short, *_ = re.split("[:,] ", sentence)
    return sentence if len(sentence) <= WORDS_MAX or "." not in package else short


def boxes() -> tuple[dict[str, Box], float]:
    """Where each room and each floor (`service.files`) stands, and the ground that they stand on."""
    found: dict[str, Box] = {}
    x, y, width = float(EDGE), 84.0, float(WIDTH - 2 * EDGE)
    alone: list[str] = []
    for level in rooms():
        if level == ["service"]:
            floors = list(_floors(x, y + 30, width))
            found["service"] = (x, y, width, 30 + floors[-1][1][1] + FLOOR - (y + 30) + GAP)
            found |= floors
            y += found["service"][3] + GAP
            continue
        taken = sum(found[room][2] + GAP for room in alone)
        share = (width - taken - GAP * (len(level) - 1)) / len(level)
        found |= {room: (x + taken + at * (share + GAP), y, share, float(ROOM)) for at, room in enumerate(level)}
        alone = [room for room in level if stands_alone(room)]
        y += ROOM + GAP
    ground = y - GAP
    for room in (room for level in rooms() for room in level if stands_alone(room)):
        left, top, share, _ = found[room]
        found[room] = (left, top, share, ground - top)
    return found, ground


def _floors(x: float, y: float, width: float) -> Iterator[tuple[str, Box]]:
    inner = width - 2 * GAP
    for level in levels("service-layers"):
        share = (inner - GAP * (len(level) - 1)) / len(level)
        for at, floor in enumerate(level):
            yield f"service.{floor}", (x + GAP + at * (share + GAP), y, share, float(FLOOR))
        y += FLOOR + 3


def picture() -> str:
    """The whole SVG."""
    places, ground = boxes()
    below = ground + 34
    height = below + LINE * (max(len(MESSAGE.steps), len(UPLOAD.steps)) + 1) + EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" {FONT}>',
        "<title>The house: rooms and floors, and the ways of a message and an upload through them</title>",
        _box((0, 0, WIDTH, height), CARD, 12),
        *_outside(),
        *(part for name, box in places.items() for part in _place(name, box)),
        *_numbers(places),
        *_told(MESSAGE, EDGE, below),
        *_told(UPLOAD, WIDTH / 2 + 4, below),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _outside() -> Iterator[str]:
    """Who comes to the doors, and the direction of imports."""
    box = (float(EDGE), float(EDGE), float(WIDTH - 2 * EDGE), 40.0)
    yield _box(box, "none", 6, f' stroke="{FAINT}" stroke-dasharray="5 4"')
    yield _text(EDGE + 14, 49, "the page, bots, auditors", INK, " font-weight='600'")
    yield _text(
        WIDTH - EDGE - 14, 49, "over HTTP alone · inside, imports run downwards only  ↓", FAINT, " text-anchor='end'"
    )


def _place(name: str, box: Box) -> Iterator[str]:
    x, y, width, height = box
    if name.startswith("service."):
        yield _box(box, ON_SERVICE, 4)
        yield _text(x + 10, y + 17.5, name.partition(".")[2], INK, " font-weight='600'")
        if width > WIDTH / 2:  # Floors that share a line have room for their names alone.
            yield _text(x + 116, y + 17.5, words(name), FAINT, " font-size='12'")
        return
    yield _box(box, FILLS.get(name, STORE), 6)
    yield _text(x + 14, y + 20, name, INK, " font-weight='700' font-size='14'")
    if name == "service":
        yield _text(x + 120, y + 20, words(name), FAINT, " font-size='12'")
        return
    for at, line in enumerate(_lines(words(name), int((width - 28) / 6.2))):
        yield _text(x + 14, y + 37 + 15 * at, line, FAINT, " font-size='12'")
    if stands_alone(name):
        yield _text(x + 14, y + height - 12, "knows nothing of the rules", FAINT, " font-size='12' font-style='italic'")


def _numbers(places: dict[str, Box]) -> Iterator[str]:
    """The steps of both ways, each in the place where it happens, in their order."""
    for name, (x, y, width, height) in places.items():
        here = [
            (number, way.colour)
            for way in (MESSAGE, UPLOAD)
            for number, step in enumerate(way.steps, start=1)
            if step.place == name
        ]
        for slot, (number, colour) in enumerate(reversed(here)):
            yield _badge(x + width - 18 - slot * (2 * BADGE + 5), y + min(height, FLOOR + 4) / 2, number, colour)


def _told(way: Way, x: float, y: float) -> Iterator[str]:
    yield _text(x, y, way.title, way.colour, " font-weight='700'")
    for number, step in enumerate(way.steps, start=1):
        line = y + LINE * number
        yield _badge(x + BADGE, line - 4, number, way.colour)
        yield _text(x + 2 * BADGE + 8, line, step.words, INK, " font-size='12'")


def _badge(x: float, y: float, number: int, colour: str) -> str:
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{BADGE}" fill="{colour}"/>'
        f'<text x="{x:g}" y="{y + 4:g}" fill="{CARD}" font-size="11" font-weight="700" '
        f'text-anchor="middle">{number}</text>'
    )


def _box(box: Box, fill: str, radius: int, more: str = "") -> str:
    x, y, width, height = box
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" fill="{fill}"{more}/>'


def _text(x: float, y: float, said: str, fill: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{fill}"{more.replace(chr(39), chr(34))}>{escape(said)}</text>'


def _lines(said: str, most: int) -> Iterator[str]:
    line = ""
    for word in said.split():
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


if __name__ == "__main__":
    PICTURE.write_text(picture())
