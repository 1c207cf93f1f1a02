"""One process for the package, in forks of which commands run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.running import forking


@pytest.fixture(scope="package", autouse=True)
def commands_are_forked() -> Iterator[None]:
    with forking():
        yield
