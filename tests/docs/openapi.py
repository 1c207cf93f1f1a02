"""The OpenAPI document without a server, and the web client's types that are made from it.

`python -m tests.docs.openapi` prints the document; `make types` writes `frontend/src/api/schema.ts` anew.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import msgspec

from api.openapi import document
from api.routes import operating_routes, routes
from service.desk.desk import Desk
from service.machine.config import Settings

ROOT: Final = Path(__file__).parents[2]
TYPES: Final = ROOT / "frontend" / "src" / "api" / "schema.ts"
HEADER: Final = "/** Made from the OpenAPI document by `make types`. */\n\n"
PATIENCE_S: Final = 120.0  # Where the machine has no Node, its wheel is installed first.


def paper_desk() -> Desk:
    """Enough of a desk to list what would be routed to it."""
    return cast(Desk, SimpleNamespace(house=SimpleNamespace(settings=Settings())))


def api_document() -> dict[str, Any]:
    """What `/api/v1/openapi.json` answers."""
    return document(routes(paper_desk()))


def operating_document() -> dict[str, Any]:
    """The same for what stands beside `/api/v1`: health, the public log. Nobody serves it."""
    return document(operating_routes(paper_desk())) | {"servers": [{"url": "/"}]}


def client_types(described: dict[str, Any]) -> str:
    """TypeScript for a document. CalledProcessError when it cannot be made."""
    made = subprocess.run(
        [ROOT / "frontend" / "npm", "run", "--silent", "types"],
        input=msgspec.json.encode(described),
        stdout=subprocess.PIPE,
        timeout=PATIENCE_S,
        check=True,
    ).stdout.decode()
    return HEADER + made[made.index("export interface paths") :]


def main() -> None:
    """Prints the document; with `--types`, writes the client's types."""
    if sys.argv[1:] == ["--types"]:
        TYPES.parent.mkdir(parents=True, exist_ok=True)
        TYPES.write_text(client_types(api_document()))
    else:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(api_document())) + b"\n")


if __name__ == "__main__":
    main()
