"""The tables in docs/ that are made from the code.

`python -m tests.docs.tables` writes them anew between their markers; the tests beside this file hold them true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import typer
from msgspec import inspect

from service.commands.cli import app
from service.machine.config import PREFIX, Settings
from service.machine.metrics import METRICS
from tests.docs.openapi import api_document, operating_document
from tests.eventstore.mutation_list import mutations_table

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
UNITS: Final = ((1 << 30, "GiB"), (1 << 20, "MiB"))


def settings_table() -> str:
    """Variable, default, values, meaning: of every field of Settings, in their order."""
    fields = inspect.type_info(Settings)
    assert isinstance(fields, inspect.StructType)
    return _table(
        ("variable", "default", "values", "meaning"),
        ((f"`{PREFIX}{field.name.upper()}`", _default(field), *_values_and_meaning(field)) for field in fields.fields),
    )


def operations_table() -> str:
    """Method, path, who may, what it does: of every operation that is routed."""
    rows: list[tuple[str, ...]] = []
    for prefix, described in (("/api/v1", api_document()), ("", operating_document())):
        for path, methods in described["paths"].items():
            rows += [_operation(method, prefix + path, spec) for method, spec in methods.items()]
    return _table(("method", "path", "who may", "what it does", "answers"), rows)


def commands_table() -> str:
    """Command, options, what it does: of every command of `strongroom`."""
    group = cast(Any, typer.main.get_command(app))
    own = [(f"`strongroom {option.opts[0]}`", "–", option.help) for option in group.params if option.help]
    return _table(("command", "options", "what it does"), [*own, *_commands("strongroom", group)])


def metrics_table() -> str:
    """Name, kind, labels, who tells it, meaning: of every metric, in their order."""
    return _table(
        ("metric", "kind", "labels", "told by", "what it is"),
        (
            (
                f"`{metric.name}`",
                metric.kind,
                ", ".join(f"`{label}`" for label in metric.labels) or "–",
                "API, worker" if metric.told == "both" else "API" if metric.told == "api" else metric.told,
                metric.help,
            )
            for metric in METRICS
        ),
    )


def verification_table() -> str:
    """Mutation, where it was made, what an audit says: of every mutation, each made and audited now."""
    return _table(("change", "of", "what the audit says"), mutations_table())


TABLES: Final[Mapping[tuple[str, str], Callable[[], str]]] = {
    ("settings.md", "settings"): settings_table,
    ("api.md", "operations"): operations_table,
    ("commands.md", "commands"): commands_table,
    ("metrics.md", "metrics"): metrics_table,
    ("verification.md", "mutations"): verification_table,
}
"""(page, marker) → what stands between `<!-- marker -->` and `<!-- /marker -->` there."""


def marked(page: str, marker: str) -> str:
    """What stands there now."""
    _, _, rest = page.partition(f"<!-- {marker} -->\n")
    return rest.partition(f"<!-- /{marker} -->")[0]


def main() -> None:
    """Writes every table anew."""
    for (name, marker), table in TABLES.items():
        path = DOCS / name
        page = path.read_text()
        start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
        path.write_text(page.replace(f"{start}{marked(page, marker)}{end}", f"{start}{table()}{end}"))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


# -- settings ----------------------------------------------------------------------------------------------------


def _default(field: inspect.Field) -> str:
    match field.default:
        case None | "":
            return "–"
        case int() as number:
            unit = next((f" ({number // size} {name})" for size, name in UNITS if number and number % size == 0), "")
            return f"`{number}`{unit}"
        case text:
            return f"`{text}`"


def _values_and_meaning(field: inspect.Field) -> tuple[str, str]:
    assert isinstance(field.type, inspect.Metadata)
    assert field.type.extra_json_schema is not None, f"{field.name} has no description"
    return _values(field.type.type), str(field.type.extra_json_schema["description"])


def _values(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType(ge=least, le=most):
            return f"{least} and more" if most is None else f"{least} to {most}"
        case inspect.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case inspect.StrType(pattern=str(pattern)):
            return f"`{pattern}`".replace("|", "\\|")
        case inspect.UnionType(types=types):
            return next(_values(one) for one in types if not isinstance(one, inspect.NoneType))
        case _:
            return "text"


# -- operations --------------------------------------------------------------------------------------------------


def _operation(method: str, path: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    access = spec.get("x-access")
    who = "anybody" if access is None else "a session" if access == "account" else f"`{access}`"
    answers = ", ".join(status for status in spec["responses"] if int(status) < 400)
    return method.upper(), f"`{path}`", who, spec["summary"], answers


# -- commands ----------------------------------------------------------------------------------------------------


def _commands(prefix: str, group: Any) -> Iterator[tuple[str, str, str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(f"{prefix} {name}", command)
        else:
            yield f"`{prefix} {name}`", _options(command), msgspec.convert(command.help, str).replace("\n", " ")


def _options(command: Any) -> str:
    return ", ".join(f"`{option.opts[0]}`" for option in command.params if option.opts[0] != "--help") or "–"


if __name__ == "__main__":
    main()
