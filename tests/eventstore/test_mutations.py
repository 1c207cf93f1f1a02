"""No change of history goes unseen, and each is found where it was made: in a data folder, an export, behind a URL."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from eventstore.verify.crew import threads
from eventstore.verify.published import verify_static
from eventstore.verify.verdict import Verdict
from service.audit.log_url import UrlSource
from tests.eventstore.mutation_list import PUBLISHED, ROWS
from tests.eventstore.mutations import (
    KEY,
    SIZE,
    Mutation,
    Original,
    audited,
    both,
    copied,
    make_original,
    policy_of,
    silent,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return make_original(tmp_path_factory.mktemp("original"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of the folder `served`, as any web server publishes it."""
    handler = partial(_Quiet, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def audited_by_url(mutation: Mutation, original: Original, url: str) -> Verdict:
    with closing(UrlSource(url)) as source:
        policy = policy_of(mutation, original)
        return verify_static(url, source, KEY, policy, silent, lambda _: threads(4))


def named(mutation: Mutation) -> str:
    return mutation.name.replace(" ", "-")


def require_found(mutation: Mutation, verdict: Verdict) -> None:
    """That, and nothing at a position before it."""
    found = [each for each in verdict.findings if each.where == mutation.where and mutation.what in each.what]
    assert found, verdict.findings
    assert not verdict.sound
    assert [each for each in verdict.findings if each.span == 1 and 0 < each.position < found[0].position] == []


NOTHING_DONE = (
    Mutation("nothing", "data", both(), "", ""),
    Mutation("nothing", "published", both(), "", ""),
)


@pytest.mark.parametrize("mutation", NOTHING_DONE, ids=lambda mutation: mutation.place)
def test_an_unchanged_log_is_sound(mutation: Mutation, original: Original, tmp_path: Path, served: str) -> None:
    verdict = audited(mutation, original, copied(mutation, original, tmp_path / "served"))
    assert (verdict.findings, verdict.checked, verdict.size, verdict.notes) == ((), SIZE, SIZE, ())
    if mutation.place == "published":
        assert audited_by_url(mutation, original, served).findings == ()


@pytest.mark.parametrize("mutation", ROWS, ids=named)
def test_a_mutation_of_a_data_folder_is_found_where_it_was_made(
    mutation: Mutation, original: Original, tmp_path: Path
) -> None:
    require_found(mutation, audited(mutation, original, copied(mutation, original, tmp_path / "copy")))


@pytest.mark.parametrize("mutation", PUBLISHED, ids=named)
def test_a_mutation_of_what_is_published_is_found_where_it_was_made(
    mutation: Mutation, original: Original, tmp_path: Path, served: str
) -> None:
    folder = copied(mutation, original, tmp_path / "served")
    require_found(mutation, audited(mutation, original, folder))
    require_found(mutation, audited_by_url(mutation, original, served))
