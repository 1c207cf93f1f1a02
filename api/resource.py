"""What every resource has: the desk that serves it."""

from __future__ import annotations

from service.desk.desk import Desk


class Resource:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
