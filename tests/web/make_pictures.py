"""Pictures of every view, of the real page on a real Strongroom with a person's things in it.

`python -m tests.web.make_pictures FOLDER` draws all of them, at three widths and in both themes, to be looked at;
without a folder it draws those that stand in the README, into docs/pictures/.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.browser import chromium
from tests.e2e.stack import ROOT, running_stack
from tests.web.keeper import Keeper, register
from tests.web.looks import MIDDLE, NARROW, NARROW_DARK, WIDE, WIDE_DARK, Look
from tests.web.sights import furnish, views
from tests.web.visitor import visiting

README: Final = ROOT / "docs" / "pictures"
SHOWN: Final = ("chat-wide-light", "files-wide-dark", "chat-narrow-dark", "voice-narrow-light")
MIDDLE_DARK: Final = Look("middle-dark", 768, 1024, "dark")
LOOKS: Final = (WIDE, WIDE_DARK, MIDDLE, MIDDLE_DARK, NARROW, NARROW_DARK)


def draw(keeper: Keeper, folder: Path, wanted: tuple[str, ...] | None) -> None:
    """Each view once, in the look of the visitor."""
    page = keeper.page
    look = keeper.visitor.look.name
    recording = wanted is None or f"voice-{look}" in wanted
    for view in views(keeper, recording=recording, uploading=wanted is None):
        name = f"{view}-{look}"
        page.evaluate("() => document.fonts.ready")
        page.evaluate("() => Promise.all([...document.images].map((image) => image.decode().catch(() => {})))")
        if wanted is None or name in wanted:
            page.screenshot(path=folder / f"{name}.png", animations="disabled")


def main(folder: Path, wanted: tuple[str, ...] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, running_stack(Path(data)) as stack, chromium() as browser:
        for look in LOOKS:
            if wanted is not None and not any(name.endswith(look.name) for name in wanted):
                continue
            with visiting(browser, stack.url, look) as visitor:
                if wanted is None:
                    visitor.open().get_by_label("Name or e-mail").wait_for()
                    visitor.page.screenshot(path=folder / f"entrance-{look.name}.png")
                keeper = register(visitor)
                furnish(keeper, stack)
                draw(keeper, folder, wanted)
        stack.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), None) if len(sys.argv) > 1 else main(README, SHOWN)
