"""The icons of the installed page, drawn from its mark: `python -m tests.web.make_icons`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.browser import chromium

FRONTEND: Final = Path(__file__).parents[2] / "frontend"
MARK: Final = FRONTEND / "src" / "assets" / "mark.svg"
PUBLIC: Final = FRONTEND / "public"
GROUND: Final = "#0f5a59"  # The mark's own: what it does not cover goes on in it.


@dataclass(frozen=True, slots=True)
class Icon:
    """`share`: how much of the side the mark takes. `ground`: what is behind it."""

    side_px: int
    share: float = 1.0
    ground: str = "transparent"


ICONS: Final[Mapping[str, Icon]] = {
    "icon-192.png": Icon(192),
    "icon-512.png": Icon(512),
    # A system cuts its own shape out of it: what matters lies within the middle four fifths. W3C manifest, §1.
    "icon-maskable-512.png": Icon(512, 0.84, GROUND),
    "apple-touch-icon.png": Icon(180, 1.0, GROUND),
}


def main() -> None:
    mark = MARK.read_text()
    (PUBLIC / "icon.svg").write_text(mark)
    with chromium() as browser:
        for name, icon in ICONS.items():
            page = browser.new_page(viewport={"width": icon.side_px, "height": icon.side_px})
            page.set_content(_drawn(mark, icon))
            page.screenshot(path=PUBLIC / name, omit_background=True)
            page.close()


def _drawn(mark: str, icon: Icon) -> str:
    side = icon.side_px * icon.share
    return (
        f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: {icon.ground} }}"
        f"svg {{ width: {side}px; height: {side}px }}</style>{mark}"
    )


if __name__ == "__main__":
    main()
