"""What ends an assistant. What concerns one question only stands with the part that meets it."""

from __future__ import annotations


class AssistantError(Exception):
    """It cannot go on, whatever it is asked: one line for people, without content and secrets."""


class SessionEnded(AssistantError):
    """The token opens nothing any more, or not enough."""


class ModelMisconfigured(AssistantError):
    """Address, key or name of the model are wrong: no question is at fault, so none is marked as failed."""
