"""Why a log, a checkpoint or a proof is not accepted."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong; the message beside it says where."""

    ANSWER = "the server's answer is not usable"
    MISSING = "something that must be there is not served"
    TYPE = "wrong content type"
    LENGTH = "wrong length"
    NOTE = "not a signed note"
    SIGNATURE = "not signed by this key"
    CHECKPOINT = "not a checkpoint"
    ORIGIN = "the checkpoint of another log"
    SMALLER = "smaller than before"
    HISTORY = "what was accepted before has changed"
    BUNDLE = "not an entry bundle"
    LEAF = "an entry does not hash to its leaf"
    TILE = "a tile does not follow from the one below"
    ROOT = "the tiles do not lead to the signed root"
    PROOF = "not a proof"
    INCLUSION = "the proof does not lead to the signed root"
    COSIGNATURE = "not cosigned as asked"


class Refused(Exception):
    """`reason` for programs, the message for people."""

    def __init__(self, reason: Reason, where: str) -> None:
        super().__init__(f"{reason.value}: {where}")
        self.reason = reason
