"""Working on many pieces at once and taking the results in their order, with only a few pieces under way."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from eventstore.verify.database import bound_memory

AHEAD: Final = 2  # Pieces that wait for each hand.

T = TypeVar("T")
R = TypeVar("R")


class Crew:
    """`hands` = 0: everything is done here, when its result is asked for."""

    def __init__(self, executor: Executor | None, hands: int) -> None:
        self._executor = executor
        self._hands = hands

    def start(self, work: Callable[[T], R], piece: T) -> Callable[[], R]:
        """One piece beside the others; the answer gives its result."""
        if self._executor is None:
            return lambda: work(piece)
        return self._executor.submit(work, piece).result

    def each(self, work: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Stops taking pieces when nobody asks for results any more."""
        if self._executor is None:
            yield from map(work, pieces)
            return
        under_way: deque[Future[R]] = deque()
        try:
            for piece in pieces:
                under_way.append(self._executor.submit(work, piece))
                if len(under_way) > AHEAD * self._hands:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


@contextmanager
def processes(hands: int) -> Iterator[Crew]:
    """Work and pieces must be picklable. Fresh processes: nothing of this one, no thread and no lock, comes along."""
    if hands < 2:
        yield Crew(None, 0)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(hands, mp_context=context, initializer=bound_memory) as executor:
        yield Crew(executor, hands)


@contextmanager
def threads(hands: int) -> Iterator[Crew]:
    """For work that waits."""
    with ThreadPoolExecutor(hands, thread_name_prefix="audit") as executor:
        yield Crew(executor, hands)


@contextmanager
def without_collector() -> Iterator[None]:
    """For a stretch that makes many values and no cycles of them: looking for cycles takes a quarter of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
