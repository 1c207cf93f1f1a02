"""All of them, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.crash.entering import ENTERING
from tests.crash.forgetting import FORGETTING
from tests.crash.granting import GRANTING
from tests.crash.keeping import KEEPING
from tests.crash.managing import MANAGING
from tests.crash.receiving import RECEIVING
from tests.crash.story import Operation

OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.name: operation for operation in (*ENTERING, *MANAGING, *GRANTING, *FORGETTING, *RECEIVING, *KEEPING)
}
