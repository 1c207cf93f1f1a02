"""Who may do what: each operation names its access, and this is the only place that compares it with a token.

| access    | session | read-write token | read-only token | write-only token |
|-----------|---------|------------------|-----------------|------------------|
| `read`    | yes     | yes              | yes             |                  |
| `post`    | yes     | yes              |                 | yes              |
| `write`   | yes     | yes              |                 |                  |
| `account` | yes     |                  |                 |                  |

`post` is what works without a user key: new chats, messages and files. Which chats a token reaches is asked where the
chat is known; what belongs to no one chat is `account_wide`. A session may do everything.
"""

from __future__ import annotations

from typing import Final, Literal

from domain.errors import NotAllowed, SessionNeeded
from domain.events import TokenKind
from service.house.principal import Principal

Access = Literal["read", "post", "write", "account"]
MAY: Final[dict[Access, frozenset[TokenKind]]] = {
    "read": frozenset(("read_write", "read")),
    "post": frozenset(("read_write", "write")),
    "write": frozenset(("read_write",)),
    "account": frozenset(),
}


def require_permit(who: Principal, access: Access, *, account_wide: bool) -> None:
    """SessionNeeded, NotAllowed."""
    if who.grant is None:
        return
    if not MAY[access]:
        raise SessionNeeded("No token may do this. Sign in.")
    if who.grant.kind not in MAY[access]:
        raise NotAllowed("This token was not issued for this.")
    if account_wide and who.chats is not None:
        raise NotAllowed("This token reaches some chats only.")
