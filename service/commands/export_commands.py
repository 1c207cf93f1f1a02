"""`strongroom export` and `strongroom import`. What a command needs is imported when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.command import Data, fail, open_house

if TYPE_CHECKING:
    from service.commands.by_hand import SignIn

User = Annotated[str, typer.Argument(metavar="USER", help="User name or e-mail address.")]


def export(
    user: User,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Where it goes; else strongroom-USER.zip, here.")
    ] = None,
    data: Data = None,
) -> None:
    """Take everything of a person out, as one ZIP. Their password is asked for, or read from standard input."""
    from pathlib import Path

    from service.commands.by_hand import export_to
    from service.machine.progress import progress

    path = Path(out if out is not None else f"strongroom-{_plain(user)}.zip")
    if path.exists():
        fail(f"{path} is there already", 2)
    with _refusing(), open_house(data) as house:
        sign_in = _ask(user)
        with progress("exporting, MiB") as show:
            size_bytes = export_to(house, sign_in, path, show)
    typer.echo(f"exported to {path} ({size_bytes:,} bytes): what is in it is not encrypted")


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A ZIP that an export made.")],
    user: User,
    data: Data = None,
) -> None:
    """Bring an export into an account with nothing in it; go on with an import that was cut off."""
    from pathlib import Path

    from service.commands.by_hand import import_from
    from service.machine.progress import progress

    path = Path(file)
    if not path.is_file():
        fail(f"there is no file {path}", 2)
    with _refusing(), open_house(data) as house:
        sign_in = _ask(user)
        with progress("importing, MiB") as show:
            done = import_from(house, sign_in, path, show)
    typer.echo(
        f"imported {done.chats} chats, {done.messages} messages and {done.files} files; skipped {done.skipped};"
        f" position {done.position}"
    )


@contextmanager
def _refusing() -> Iterator[None]:
    """What the person or the archive got wrong becomes one line and 1."""
    from domain.errors import Rejected
    from service.commands.by_hand import NoCode
    from service.machine.errors import Busy, StorageFull

    try:
        yield
    except Rejected as refused:
        fail(refused.detail, 1)
    except NoCode:
        fail("the second factor of this account is a passkey, which only a browser can show", 1)
    except StorageFull as full:
        fail(str(full), 1)
    except Busy as busy:
        fail(str(busy), 1)


def _ask(user: str) -> SignIn:
    """From the terminal without showing it, or a line each from standard input: the password, then a code."""
    import sys
    from getpass import getpass

    from service.commands.by_hand import SignIn

    def read(prompt: str) -> str:
        return getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")

    return SignIn(user, read("Password: "), lambda: read("Code: "))


def _plain(user: str) -> str:
    from service.export.names import safe_name

    return safe_name(user)
