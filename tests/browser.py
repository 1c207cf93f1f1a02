"""The real browser that tests drive."""

from __future__ import annotations

import shutil


def chromium_path() -> str:
    """Where Chromium is. AssertionError without one: a test that needs it must not pass for want of it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "these tests need Chromium (Debian's package `chromium`)"
    return found
