"""The page on bots tells the truth: its example answers, and its tables are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.assistant.model_made import FakeModel
from tests.assistant.running import answers, question_in, settled
from tests.e2e.people import Person
from tests.e2e.stack import bare_environment
from tests.waiting import wait_for

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "bots.md"


def test_the_example_answers(bob: Person, model: FakeModel, tmp_path: Path) -> None:
    (example,) = re.findall(r"<!-- bot -->\n```python\n(.*?)```\n<!-- /bot -->", PAGE.read_text(), re.DOTALL)
    program = tmp_path / "bot.py"
    program.write_text(example)
    given = {"STRONGROOM": bob.stack.url, "TOKEN": bob.token, "BASE_URL": f"{model.url}/v1", "MODEL": "made-up"}
    environment = {**bare_environment(), **given, "NO_PROXY": "127.0.0.1"}
    with (tmp_path / "log").open("wb") as log:
        bot = subprocess.Popen([sys.executable, program], env=environment, stdout=log, stderr=log)
    try:
        chat_id = bob.chat()

        def answered() -> bool:
            assert bot.poll() is None, (tmp_path / "log").read_text()
            return bool(answers(bob, chat_id))

        # Its stream begins when it begins, and what was said before is not answered.
        for _ in range(20):
            bob.send("hello, bot?", chat_id=chat_id)
            with suppress(AssertionError):
                wait_for(answered, "the bot to answer", 1)
                break
        sent = bob.send("What is a bot?")
        settled(bob, sent)
        later = bob.send("And a robot?", chat_id=sent["chat_id"])
        settled(bob, later)
    finally:
        bot.kill()
        bot.wait()
    assert answers(bob, sent["chat_id"]) == ["Re: What is a bot?", "Re: And a robot?"]
    assert [turn["role"] for turn in model.prompts("And a robot?")[0]] == ["user", "assistant", "user"]
    assert question_in(bob, later)["status"] == "read"


def test_every_code_of_a_failure_is_explained() -> None:
    code = re.compile(r'(?:ModelFailed\(|"error", )"([a-z_]+)"')
    files = (ROOT / "service" / "assistant").glob("*.py")
    made = {found for path in files for found in code.findall(path.read_text())}
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert made == explained - {"error_code"}
    assert "model_slow" in made
