"""Everything that goes wrong in a browser profile, gathered as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Chromium says it in words of its own, too, that change with its versions.
TELL_VIOLATIONS: Final = """addEventListener("securitypolicyviolation", (event) => {
  console.error(`content security policy: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`);
});"""
CANCELLED: Final = (
    "net::ERR_ABORTED"  # The page itself let go of it: a player that has enough, a stream that is closed.
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind`: console, page, request or answer."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def watch(context: BrowserContext, faults: list[Fault]) -> None:
    """From now on, in every tab: warnings and errors of the console, uncaught exceptions, violations of the content
    security policy, requests that failed, answers of 5xx."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            faults.append(Fault("console", f"{message.type}: {message.text} ({where})"))

    def on_error(error: WebError) -> None:
        faults.append(Fault("page", f"uncaught {error.error}"))

    def on_failed(request: Request) -> None:
        if request.failure != CANCELLED:
            faults.append(Fault("request", f"{request.method} {request.url} failed: {request.failure}"))

    def on_response(response: Response) -> None:
        if response.status >= 500:
            faults.append(Fault("answer", f"{response.status} to {response.request.method} {response.url}"))

    context.add_init_script(TELL_VIOLATIONS)
    context.on("console", on_console)
    context.on("weberror", on_error)
    context.on("requestfailed", on_failed)
    context.on("response", on_response)
