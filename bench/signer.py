"""A process that signs a log, as a worker does: `python -m bench.signer FOLDER`, until its standard input ends."""

from __future__ import annotations

import sys
from contextlib import closing

from service.house.house import House
from service.machine.config import Settings
from service.signing.signing import start_signing


def main(folder: str) -> None:
    with closing(House(Settings(data=folder))) as house:
        signing = start_signing(house, preferred=True)
        print("signing", flush=True)  # The one line that is waited for.
        sys.stdin.buffer.read()
        signing.stop()


if __name__ == "__main__":
    main(sys.argv[1])
