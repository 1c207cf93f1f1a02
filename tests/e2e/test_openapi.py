"""The whole OpenAPI document against the running server: what it promises is what is answered, whatever is asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.people import Person, somebody
from tests.e2e.stack import Stack

SEED = "20"
PATIENCE_S = 400  # A minute on a quiet machine.
EXAMPLES, CREDENTIAL_EXAMPLES = "8", "3"
# Signing out and closing sessions would end the tester's own; whatever takes a password costs its stretching.
CREDENTIALS = ("--include-path-regex", "^/(auth/|user$)")
# The stream does not end by itself: tests/stream listens to it.
ALL_BUT_CREDENTIALS = ("--exclude-path-regex", "^/(auth/|user$|stream)")
# 422 among what a request that fits the schema may meet: an empty message, a key used before, a weak password.
# 413 among what refuses one that does not: what is too long for a field may be too long to be read at all. 412 is tus's
# word for a version that it does not speak, and which headers of its requests go together no schema of theirs can say;
# 460 its word for a checksum of other bytes, and made-up ones fit no made-up body.
CONFIG = """
hooks = "hooks.py"

[output.truncation]
enabled = true

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "413", "422", "503"]
negative_data_rejection.expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429", "5xx",
]

[[operations]]
include-path-regex = "^/uploads"
checks.positive_data_acceptance.expected-statuses = [
    "2xx", "400", "401", "403", "404", "409", "413", "422", "460", "503",
]
checks.missing_required_header.expected-statuses = ["400", "401", "412", "415"]
"""

HOOKS = """
import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schemathesis.serializer.alias("application/zip", "application/octet-stream")
"""


@pytest.fixture
def tester(stack: Stack) -> Iterator[Person]:
    """Somebody with one of everything, whom strange requests may harm."""
    with somebody(stack) as person:
        person.send("a message", file_ids=[person.ready_file(b"a file")])
        yield person


def explore(tester: Person, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Schemathesis with all its checks: schemas, statuses, types, refusal of what the document forbids, credentials."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    (folder / "hooks.py").write_text(HOOKS)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config),
        "run", f"{tester.stack.api}/openapi.json", "--header", f"Authorization: Bearer {tester.token}",
        "--checks", "all", "--seed", SEED, *options,
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.mark.timeout(PATIENCE_S + 60)
@pytest.mark.parametrize(
    "options",
    [(*ALL_BUT_CREDENTIALS, "--max-examples", EXAMPLES), (*CREDENTIALS, "--max-examples", CREDENTIAL_EXAMPLES)],
    ids=["data", "credentials"],
)
def test_every_operation_keeps_its_word(tester: Person, tmp_path: Path, options: tuple[str, ...]) -> None:
    explored = explore(tester, tmp_path, *options)
    assert explored.returncode == 0, explored.stdout[-8_000:] + explored.stderr[-2_000:]
    assert "generated" in explored.stdout
    tester.stack.wait_ready()


def test_the_document_names_every_route(stack: Stack, tester: Person) -> None:
    paths = tester.http.get("/openapi.json").json()["paths"]
    assert {"/auth/register", "/messages", "/upload/files", "/files/{file_id}/content", "/user/data"} <= set(paths)
    assert tester.http.get(f"{stack.url}/api/openapi.json").json()["paths"] == paths
    assert tester.http.get(f"{stack.url}/api/docs").status_code == 200
