"""The real browser that tests drive: the machine's, else Debian's, put there where we may."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
INSTALL_S: Final = 600.0
FLAGS: Final = (
    "--no-sandbox",  # Tests run as root in containers, where Chromium's own sandbox refuses to start.
    "--use-fake-device-for-media-stream",  # A microphone that beeps,
    "--use-fake-ui-for-media-stream",  # and nobody who has to allow it.
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",  # Where there is none, Chromium would imitate it, at the processor's cost.
)


def chromium_path() -> str:
    """Where Chromium is. Without one the test is skipped, and says so; in CI, where nobody reads that, it fails."""
    found = _found() or _installed()
    if found is None:
        said = "NO BROWSER: this test needs Chromium (Debian's package `chromium`), or root to install it"
        assert "CI" not in os.environ, said
        pytest.skip(said)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium with a microphone that beeps. Only one at a time: Playwright keeps the thread's event loop."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield browser
        browser.close()


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name)) is not None), None)


@functools.cache
def _installed() -> str | None:
    """None where it cannot be: not root, not Debian, no network."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").is_file():
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "--yes", "--no-install-recommends", "chromium")):
        outcome = subprocess.run(
            ["apt-get", "--quiet", *words], env=environment, check=False, capture_output=True, timeout=INSTALL_S
        )
        if outcome.returncode != 0:
            return None
    return _found()
