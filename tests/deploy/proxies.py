"""The real nginx and the real Caddy, each with the file that is shipped: only addresses, name and paths are others."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from service.machine.process import following_parent
from tests.waiting import wait_for

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
NAME: Final = "localhost"
NOBODY: Final = 65_534
STOP_S: Final = 10.0
Kind = Literal["nginx", "caddy"]
Change = Callable[[str], str]
"""Of the text of the file."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens: plain HTTP and HTTPS."""

    http: int
    https: int

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.https}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """`folder`: everything that it may write to. `certificate`: what a client trusts."""

    kind: Kind
    ports: Ports
    folder: Path
    certificate: Path
    process: subprocess.Popen[bytes]

    def pids(self) -> list[int]:
        """Its processes: nginx has a master and workers."""
        pid = self.process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def stop(self) -> None:
        """When it returns, everything that it had to say is written."""
        self.process.terminate()
        self.process.wait(STOP_S)

    def files_with(self, canary: bytes) -> list[str]:
        """Of its folder, where its standard output and error go, too: those that hold it."""
        return [str(path) for path in self.folder.rglob("*") if path.is_file() and canary in path.read_bytes()]


def free_ports() -> Ports:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return Ports(one.getsockname()[1], other.getsockname()[1])


def as_shipped(text: str) -> str:
    return text


def open_to_this_machine(text: str) -> str:
    """What is the operator's, that is: by the lines that are there to be uncommented."""
    opened, lines = re.subn(r"# (127\.0\.0\.0/8 1;|not remote_ip )", r"\1", text)
    assert lines == 1
    return opened


@contextmanager
def running_proxy(kind: Kind, ports: Ports, upstream: str, changed: Change = as_shipped) -> Iterator[Proxy]:
    """In front of `upstream` (host:port), as nobody, and with nothing left of it when the block ends. `changed`: what
    somebody makes of the file who puts it to use. Where the program is not installed the test is skipped, and says
    so; in CI it fails."""
    program = shutil.which(kind, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        assert os.environ.get("CI", "").lower() != "true", f"CI must have {kind}"
        pytest.skip(f"NOT TESTED: {kind} is not installed")
    with tempfile.TemporaryDirectory(prefix=f"strongroom-{kind}-") as name:
        folder = Path(name)
        certificate = _certify(folder)
        environment = _nginx(folder, ports, upstream) if kind == "nginx" else _caddy(folder, ports, upstream)
        file = folder / {"nginx": "strongroom.conf", "caddy": "Caddyfile"}[kind]
        file.write_text(changed(file.read_text()))
        listening = [port for port in (ports.http, ports.https) if str(port) in file.read_text()]
        words = {
            "nginx": [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")],
            "caddy": [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
        }[kind]
        (folder / "start.log").touch()
        _give_to_nobody(folder)
        with (folder / "start.log").open("ab") as log:
            process = subprocess.Popen(
                words,
                env={"PATH": os.environ["PATH"], **environment},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=NOBODY if os.getuid() == 0 else None,
                group=NOBODY if os.getuid() == 0 else None,
                extra_groups=[] if os.getuid() == 0 else None,
                preexec_fn=following_parent(signal.SIGTERM),  # noqa: PLW1509  (two system calls and no lock)
            )
        try:
            wait_for(lambda: process.poll() is not None or all(map(_answers, listening)), f"{kind} to listen", 20.0)
            assert process.poll() is None, (folder / "start.log").read_text()
            yield Proxy(kind, ports, folder, certificate, process)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            finally:
                process.kill()


def _nginx(folder: Path, ports: Ports, upstream: str) -> dict[str, str]:
    shipped = (DEPLOY / "nginx" / "strongroom.conf").read_text()
    (folder / "strongroom.conf").write_text(
        _replaced(
            shipped,
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{ports.http};"),
            ("listen 443 ssl", f"listen 127.0.0.1:{ports.https} ssl"),
            ("server 127.0.0.1:8000;", f"server {upstream};"),
            ("/etc/letsencrypt/live/vault.example.org/fullchain.pem", str(folder / "certificate.pem")),
            ("/etc/letsencrypt/live/vault.example.org/privkey.pem", str(folder / "key.pem")),
            ("/var/log/nginx/strongroom.error.log crit", f"{folder / 'error.log'} crit"),
            ("server_name vault.example.org;", f"server_name {NAME};"),
            ("root /var/www/letsencrypt;", f"root {folder / 'challenges'};"),
        )
    )
    # What Debian's nginx.conf has around it, and where this one may write: its usual folders belong to root.
    temporary = "\n".join(
        f"    {what}_temp_path {folder / 'temporary' / what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "temporary").mkdir()
    (folder / "challenges").mkdir()
    (folder / "nginx.conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{ worker_connections 256; }}\n"
        f"http {{\n{temporary}\n    access_log {folder / 'access.log'};\n"
        f"    include {folder / 'strongroom.conf'};\n}}\n"
    )
    return {}


def _caddy(folder: Path, ports: Ports, upstream: str) -> dict[str, str]:
    shipped = (DEPLOY / "caddy" / "Caddyfile").read_text()
    site = "{$STRONGROOM_SITE:vault.example.org} {\n"
    ours = f"\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port {ports.http}\n\thttps_port {ports.https}\n"
    (folder / "Caddyfile").write_text(
        _replaced(
            shipped,
            ("\n{\n", f"\n{{\n{ours}"),
            # Nobody certifies a machine of a test.
            (site, f"{site}\ttls {folder / 'certificate.pem'} {folder / 'key.pem'}\n"),
        )
    )
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "home"), "XDG_CONFIG_HOME": str(folder / "home")}
    return {**homes, "STRONGROOM_SITE": NAME, "STRONGROOM_UPSTREAM": upstream}


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"the shipped file no longer has {old!r}"
        text = text.replace(old, new)
    return text


def _certify(folder: Path) -> Path:
    """A certificate for this machine's own name, signed by itself; good for a day. RSA: only with such a key can a
    server be talked into suites without forward secrecy."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem"


def _give_to_nobody(folder: Path) -> None:
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False
