"""What all commands share: settings, the house, and how a failure is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from service.house.house import House
    from service.machine.config import Settings

Data = Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder that holds everything.")]


def read_settings(**given: str | None) -> Settings:
    """From the environment, options before it. A wrong value ends the program with one line and 2."""
    from service.machine.config import PREFIX, SettingsError, load_settings
    from service.media.transcribe import engine_for

    options_ = {PREFIX + name.upper(): value for name, value in given.items() if value is not None}
    try:
        load_settings()  # A wrong variable is told also where an option goes before it.
        settings = load_settings({**os.environ, **options_})
        engine_for(settings)  # Settings that need each other.
    except SettingsError as error:
        fail(str(error), 2)
    if settings.log_witnesses:
        from service.signing.cosigning import parse_witnesses

        try:
            parse_witnesses(settings.log_witnesses)
        except ValueError as error:
            fail(f"{PREFIX}LOG_WITNESSES: {error}", 2)
    return settings


def own_settings(**given: str | None) -> Settings:
    """The same, for whoever works in the data folder. Root is refused where it belongs to somebody else: what root
    makes there belongs to root, and the service could not open it again."""
    from pathlib import Path

    settings = read_settings(**given)
    there, owner = _nearest(Path(settings.data).absolute())
    if os.geteuid() == 0 and owner != 0:
        fail(f"{there} belongs to {_name(owner)}: run this as that user, not as root", 1)
    return settings


def _nearest(folder: Path) -> tuple[Path, int]:
    """The folder, or the nearest above it that is there, in which it would be made; and whose that is. 0 where it
    cannot be looked at: opening it says why."""
    for each in (folder, *folder.parents):
        try:
            return each, each.stat().st_uid
        except FileNotFoundError:
            continue
        except OSError:
            break
    return folder, 0


def _name(owner: int) -> str:
    from pwd import getpwuid

    try:
        return getpwuid(owner).pw_name
    except KeyError:
        return f"user {owner}"


@contextmanager
def open_house(data: str | None) -> Iterator[House]:
    """A folder that is there already; a command that only looks makes none."""
    settings = settings_of_folder(data)
    from contextlib import closing

    from service.house.house import House
    from service.machine.process import harden

    harden()
    with failing_plainly(), closing(House(settings)) as house:
        yield house


def settings_of_folder(data: str | None) -> Settings:
    """`own_settings` where the folder is there."""
    from pathlib import Path

    settings = own_settings(data=data)
    if not Path(settings.data).is_dir():
        fail(f"there is no data folder at {settings.data}", 1)
    return settings


@contextmanager
def failing_plainly() -> Iterator[None]:
    """What the machine or the folder refuses becomes one line and 1; a fault of ours keeps its traceback."""
    from eventstore.errors import LogError
    from projections.errors import ProjectionError
    from service.commands.supervisor import StartError
    from service.machine.valkey import ValkeyMissing
    from service.upkeep.projecting import ProjectorBusy
    from vault.errors import VaultError

    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}", 1)
    except (
        StartError,
        ValkeyMissing,
        ProjectorBusy,
        ProjectionError,
        LogError,
        VaultError,
        RuntimeError,
    ) as error:
        fail(str(error), 1)


def fail(line: str, code: int) -> NoReturn:
    typer.echo(f"strongroom: {line}", err=True)
    raise typer.Exit(code)
