"""The id of an answer follows from the id of its question."""

from __future__ import annotations

import uuid


def answer_id(question_id: str) -> str:
    """UUIDv5 (RFC 9562 §5.5) of "answer" in the name space that the question's id is.

    The log takes each message id once. So whoever answers again – after a crash, or beside another assistant – meets
    the first answer instead of adding a second one."""
    return str(uuid.uuid5(uuid.UUID(question_id), "answer"))
