"""Every operation that asks who is there says who may: a default, however careful, would be nobody's decision."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

API = Path(__file__).parents[2] / "api"


def operations() -> Iterator[tuple[str, dict[str, ast.expr]]]:
    """(file:line, arguments) of each `Operation(…)`."""
    for path in sorted(API.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Operation":
                yield f"{path.name}:{node.lineno}", {each.arg: each.value for each in node.keywords if each.arg}


def test_every_operation_says_who_may() -> None:
    found = list(operations())
    assert len(found) > 40
    unsaid = []
    for place, given in found:
        auth = given.get("auth")
        asks_no_person = isinstance(auth, ast.Constant) and auth.value in ("none", "operator")
        if not asks_no_person and "access" not in given:
            unsaid.append(place)
    assert unsaid == []
