"""What deleting and erasing answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Deleted(msgspec.Struct, frozen=True):
    """`receipt`: where the log's word on it will be, once it is finished; outside /api, and nobody signs in for it."""

    position: int
    receipt: Annotated[str, Meta(description="Address of the receipt, signed once all is finished.")]

    @classmethod
    def at(cls, position: int) -> Deleted:
        return cls(position, f"/log/receipt/{position}")
