"""What the machine cannot do at the moment: not the caller's fault, and nothing was written."""

from __future__ import annotations

from vault.throttle import Standing


class StorageFull(Exception):
    """The disk is full, or has less left than the reserve."""


class BodyCut(Exception):
    """A request body ended before its end: the client went away or stalled. Nothing of it counts."""


class TooManyStreams(Exception):
    """One person has as many streams open as one may have."""


class Busy(Exception):
    """Too much is under way, or the same thing is, at this moment. The message is for the caller: again in a while."""


class TooManyNames(Exception):
    """Somebody was told too often that a name is taken. `standing`: when to come back."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.limit.name)
        self.standing = standing


class TooManyGuesses(Exception):
    """At one account, of one kind. `standing`: when to come back."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.limit.name)
        self.standing = standing
