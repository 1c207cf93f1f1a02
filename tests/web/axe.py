"""What axe-core finds wrong with a page for people who do not see it, or do not point."""

from __future__ import annotations

import functools
import json
from typing import Any, Final

from playwright.sync_api import Page

from tests.house.test_structure import ROOT

SOURCE: Final = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WORLD: Final = "axe"
DRAWN: Final = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable")
"""Rules about how things are drawn. All others are about what things are: the same in every theme, and in every size at
which the same things are there."""


def axe(page: Page, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> None:
    """AssertionError with every violation of any rule, or of `only` these; `without` names rules that do not hold here,
    with the reason at the call.

    axe-core runs in a world of its own beside the page's scripts: the content security policy and trusted types bind
    the page, and the debugger may evaluate source there all the same.
    """
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD})["executionContextId"]
        _evaluate(session, world, _source())
        options = {
            "runOnly": {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": list(TAGS)},
            "rules": {name: {"enabled": False} for name in without},
            "resultTypes": ["violations"],
        }
        run = f"axe.run(document, {json.dumps(options)}).then((found) => JSON.stringify(found.violations))"
        violations = json.loads(_evaluate(session, world, run))
    finally:
        session.detach()
    assert not violations, f"axe finds at {page.url}:\n" + "\n".join(_told(each) for each in violations)


@functools.cache
def _source() -> str:
    return SOURCE.read_text()


def _evaluate(session: Any, world: int, expression: str) -> Any:
    asked = {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", asked)
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def _told(violation: dict[str, Any]) -> str:
    lines = [f"- {violation['id']} ({violation['impact']}): {violation['help']}"]
    for node in violation["nodes"]:
        where = " ".join(str(part) for part in node["target"])
        summary = node["failureSummary"].replace("\n", "\n      ")
        lines.append(f"    {where}\n      {node['html'][:200]}\n      {summary}")
    return "\n".join(lines)
