"""How much is measured: enough for the published table, less for a look, next to nothing for a test."""

from __future__ import annotations

import msgspec

from bench.figures import MEGABYTE


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """`seconds`: of each timed stretch under load; `limit_s`: of each raw limit."""

    seconds: float
    warm_up_s: float
    limit_s: float
    message_clients: tuple[int, ...]
    log_in_flight: tuple[int, ...]
    log_events: int
    audited_events: int
    peer_events: int
    history_messages: int
    big_file_bytes: int
    small_files: int
    streams: int
    wakeups: int
    small_file_bytes: int = MEGABYTE
    files_in_form: int = 20


FULL = Scale(
    seconds=6.0,
    warm_up_s=1.0,
    limit_s=1.0,
    message_clients=(1, 16, 64, 256),
    log_in_flight=(1, 8, 64, 512),
    log_events=100_000,
    audited_events=1_000_000,
    peer_events=20_000,
    history_messages=100_000,
    big_file_bytes=1_000 * MEGABYTE,
    small_files=50,
    streams=1_000,
    wakeups=300,
)
QUICK = Scale(
    seconds=2.0,
    warm_up_s=0.5,
    limit_s=0.3,
    message_clients=(1, 64),
    log_in_flight=(1, 64),
    log_events=20_000,
    audited_events=100_000,
    peer_events=4_000,
    history_messages=10_000,
    big_file_bytes=300 * MEGABYTE,
    small_files=15,
    streams=300,
    wakeups=100,
)
TINY = Scale(
    seconds=0.2,
    warm_up_s=0.1,
    limit_s=0.01,
    message_clients=(2,),
    log_in_flight=(4,),
    log_events=200,
    audited_events=600,
    peer_events=50,
    history_messages=150,
    big_file_bytes=3 * MEGABYTE,
    small_files=2,
    streams=20,
    wakeups=5,
    small_file_bytes=10_000,
    files_in_form=3,
)
