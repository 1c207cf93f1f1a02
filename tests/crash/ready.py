"""What the process has behind it whose forks die."""

from __future__ import annotations


def ready() -> None:
    import tests.crash.operations  # noqa: F401  (so that no fork has to)

    _stretch_little()


def _stretch_little() -> None:
    """What is stretched here is nobody's."""
    import vault.kdf
    from tests.service.stretching import quick

    vars(vault.kdf)["hash_secret_raw"] = quick
