"""`kill -9` of anything at any moment: what was acknowledged stays, what was not is whole or not there at all."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.load import Writer, acknowledged, require_kept, require_swept, under_load
from tests.e2e.people import Person
from tests.e2e.queue_inside import flush_all, queue_memory
from tests.e2e.stack import Role, Stack, running_stack
from tests.waiting import wait_for

SEED = int(os.environ.get("SOAK_SEED", "7"))
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "1"))
"""How often each thing is killed; `SOAK_ROUNDS=100` makes a soak of it."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 60 * ROUNDS)]
PARTS: tuple[Role, ...] = ("api", "master", "worker:projections", "worker:uploads", "valkey")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("mortal")) as stack:
        yield stack


@pytest.fixture
def mortal(shared: Stack) -> Stack:
    """To be killed; it runs, in whatever state the test before has left it."""
    shared.start_unless_running()
    return shared


def at_a_random_moment(crew: list[Writer], chance: random.Random) -> None:
    """After some more acknowledgements: under load, and never at the same place."""
    wanted = acknowledged(crew) + chance.randint(5, 60)
    wait_for(lambda: acknowledged(crew) >= wanted, "work to go on", 45.0)


def test_whatever_part_is_killed_nothing_is_lost_and_it_comes_back(mortal: Stack) -> None:
    """And then SIGTERM, under load as well: every answer that was given holds over the restart, and what was cut off
    before is swept by it."""
    chance = random.Random(SEED)
    victims: list[Role | None] = [*PARTS, None] * ROUNDS  # None: not a process but all that the queue holds.
    chance.shuffle(victims)
    with under_load(mortal, SEED, uploaders=2) as crew:
        for victim in victims:
            at_a_random_moment(crew, chance)
            if victim is None:
                flush_all(mortal)
            else:
                mortal.kill(victim)
        at_a_random_moment(crew, chance)
        mortal.wait_ready()
        assert mortal.stop() == 0
        mortal.start()
        at_a_random_moment(crew, chance)
    require_all_kept(mortal, crew)


def test_a_queue_that_forgets_what_waits_in_it_is_told_again(stack: Stack, newcomer: Person) -> None:
    with stack.paused("worker:uploads"):
        file_id = newcomer.upload_one(b"waiting")
        wait_for(lambda: file_id.encode() in queue_memory(stack), "the upload to stand in the queue")
        flush_all(stack)
        assert file_id.encode() not in queue_memory(stack)
    assert newcomer.wait_processed(file_id, 30.0)["status"] == "ready"
    assert newcomer.download(file_id) == b"waiting"


def test_everything_killed_at_once_starts_again_with_all_that_was_acknowledged(mortal: Stack) -> None:
    chance = random.Random(SEED)
    orphan = mortal.data / "spool" / "01a204d5-4821-7ef6-911e-3deb06b6cce8.spool"
    with under_load(mortal, SEED, uploaders=2) as crew:
        for kill in (mortal.kill_supervisor, mortal.kill_all) * ROUNDS:
            at_a_random_moment(crew, chance)
            kill()
            orphan.write_bytes(os.urandom(5_000))
            mortal.start()
            assert not orphan.exists(), "the next start sweeps what a crash left"
        at_a_random_moment(crew, chance)
    require_all_kept(mortal, crew)
    assert mortal.stop() == 0, "who came back from a kill ends well"


def require_all_kept(stack: Stack, crew: list[Writer]) -> None:
    """By everybody's own token, and nothing of a cut-off upload is left in the spool."""
    assert all(writer.ledger.count for writer in crew)
    for writer in crew:
        require_kept(writer, stack)
    require_swept(stack)
    stack.require_sound()
