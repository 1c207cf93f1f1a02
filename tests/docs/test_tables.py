"""What docs/ says of settings, operations, commands and error codes is what the code has."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import falcon
import pytest

from api.errors import STATUS, translate
from domain import errors as domain_errors
from domain.errors import Rejected
from eventstore.errors import LogFull
from service.machine.config import Settings
from service.processing.storing import SpoolMissing, failure_code
from tests.docs.tables import DOCS, ROOT, TABLES, commands_table, marked, operations_table, settings_table
from vault.errors import SpoolBroken

CODE_ROW = re.compile(r"^\| `(\w+)` \| ([\d, ]+) \|", re.MULTILINE)


def problems_raised(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(code, status) of every `HttpProblem(status, code, …)` whose two are written out."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="HttpProblem"),
                args=[ast.Constant(value=int(status)), ast.Constant(value=str(code)), *_],
            ):
                yield code, status
            case _:
                pass


def problems_of_the_code() -> set[tuple[str, int]]:
    """(code, status) of everything that the API can answer with."""
    found = {(kind.code, status) for kind, status in STATUS.items()}
    for path in (ROOT / "api").glob("*.py"):
        found.update(problems_raised(ast.parse(path.read_text())))
    for status in (400, 404, 405, 413, 415):
        problem = translate(falcon.HTTPError(status))
        assert problem is not None
        found.add((problem.code, problem.status))
    return found


def documented_problems() -> set[tuple[str, int]]:
    page = marked((DOCS / "api.md").read_text(), "codes")
    return {(code, int(status)) for code, statuses in CODE_ROW.findall(page) for status in statuses.split(",")}


@pytest.mark.parametrize(("page", "marker"), TABLES)
def test_every_generated_table_is_up_to_date(page: str, marker: str) -> None:
    assert marked((DOCS / page).read_text(), marker) == TABLES[page, marker](), "run: python -m tests.docs.tables"


def test_every_setting_is_documented() -> None:
    table = settings_table()
    assert [name for name in Settings.__struct_fields__ if f"`STRONGROOM_{name.upper()}`" not in table] == []


def test_the_tables_hold_what_they_are_for() -> None:
    assert "| POST | `/api/v1/messages` | " in operations_table()
    assert "| GET | `/readyz` | anybody |" in operations_table()
    assert "| `strongroom projections check` | `--data` |" in commands_table()


def test_every_problem_code_is_documented_with_its_status_and_none_besides() -> None:
    assert documented_problems() == problems_of_the_code()


def test_every_refusal_of_the_domain_has_a_status() -> None:
    refusals = {kind for kind in vars(domain_errors).values() if isinstance(kind, type) and issubclass(kind, Rejected)}
    assert refusals - {Rejected} == STATUS.keys()


@pytest.mark.parametrize(
    "error", [SpoolMissing(), SpoolBroken(), LogFull(""), OSError(errno.ENOSPC, "full"), ValueError()], ids=repr
)
def test_why_a_file_failed_is_documented(error: Exception) -> None:
    assert f"| `{failure_code(error)}` |" in marked((DOCS / "api.md").read_text(), "file-codes")


def test_a_page_without_the_marker_has_no_table(tmp_path: Path) -> None:
    assert marked("| a table | of another page |\n", "settings") == ""


def test_every_package_that_runs_stands_on_the_licence_page() -> None:
    packages = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| ([a-z0-9, -]+) \|", (DOCS / "licences.md").read_text(), re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")} - {"package"}
    assert named - {"---"} == set(packages)
