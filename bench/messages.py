"""Durable messages through the whole house, workers projecting meanwhile."""

from __future__ import annotations

from bench import load
from bench.load import Orders, Outcome
from bench.person import Person
from bench.processes import spent_ms
from bench.report import Row, Target
from bench.server import HOST
from bench.stage import Stage

TARGETS = {64: (Target(4_000), Target(50, at_least=False))}  # Clients → messages a second, p99 in ms.
LIMITS = {1: ("sync",), 16: ("sqlite.1", "empty"), 64: ("sqlite.64", "empty"), 256: ("sqlite.64", "empty")}


def measure(stage: Stage) -> None:
    server = stage.server
    person = Person(server.port)
    person.wait_until_projected()
    for clients in stage.scale.message_clients:
        before = server.usage()
        orders = Orders(
            host=HOST,
            port=server.port,
            clients=clients,
            seconds=stage.scale.seconds,
            warm_up_s=stage.scale.warm_up_s,
            requests=[person.message()],
        )
        found = load.run(orders)
        after = server.usage()
        costs = (
            f"processor ms a message: API {spent_ms(before, after, 'api', found.total):.3f},"
            f" projecting {spent_ms(before, after, 'worker:projections', found.total):.3f}"
        )
        _tell(stage, clients, found, costs)
        person.wait_until_projected()


def _tell(stage: Stage, clients: int, found: Outcome, costs: str) -> None:
    most, latest = TARGETS.get(clients, (None, None))
    generator = f"generator {found.cpu_share:.0%} of a processor"
    stage.report.add(
        Row(
            key=f"messages.{clients}",
            what=f"POST /messages, {_counted(clients)}",
            value=found.per_s,
            unit="/s",
            detail=f"p50 {found.p50_ms:.1f} ms, {found.errors} errors; {costs}; {generator}",
            against=LIMITS.get(clients, ()),
            target=most,
        )
    )
    stage.report.add(
        Row(
            key=f"messages.{clients}.p99",
            what=f"POST /messages, {_counted(clients)}, p99",
            value=found.p99_ms,
            unit="ms",
            detail=f"worst {found.worst_ms:.0f} ms",
            target=latest,
        )
    )


def _counted(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"
