"""What the proxies that are shipped keep to themselves, refuse and believe: each before an upstream that we play."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, get_args

import httpx
import pytest

from tests.deploy.asking import WAIT_S, through, trusting
from tests.deploy.proxies import DEPLOY, NAME, Kind, Proxy, as_shipped, free_ports, open_to_this_machine, running_proxy
from tests.deploy.upstream import Manner, Upstream, running_upstream

KINDS: Final = get_args(Kind)
BAD_MANNERS: Final[tuple[Manner, ...]] = ("resets", "breaks off")
WITHOUT_FORWARD_SECRECY: Final = "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module", params=KINDS)
def proxy(request: pytest.FixtureRequest, upstream: Upstream) -> Iterator[Proxy]:
    """With the line for operators uncommented."""
    kind: Kind = request.param
    with running_proxy(kind, free_ports(), upstream.address, open_to_this_machine) as proxy:
        yield proxy


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_nothing_of_a_request_that_failed_behind_it(kind: Kind) -> None:
    canary = f"canary-{os.urandom(8).hex()}"
    fields = {"Upload-Metadata": f"filename {canary}", "X-Anything": canary, "Referer": f"https://{canary}"}
    with running_upstream() as upstream, running_proxy(kind, free_ports(), upstream.address) as proxy:

        def ask() -> int:
            """502; 0 when the answer breaks off."""
            with closing(through(proxy)) as http, suppress(httpx.RemoteProtocolError):
                return http.post(f"/{canary}", params={"q": canary}, headers=fields, content=canary * 99).status_code
            return 0

        for manner in BAD_MANNERS:
            upstream.manner = manner
            assert ask() == (502 if manner == "resets" else 0)
        assert canary.encode() in upstream.heard[-1]
        upstream.listener.shutdown(socket.SHUT_RDWR)
        upstream.listener.close()
        assert ask() == 502
        for path in (f"/{canary}", f"/.well-known/acme-challenge/{canary}"):
            httpx.get(f"http://{NAME}:{proxy.ports.http}{path}", params={"q": canary}, headers=fields, trust_env=False)
        proxy.stop()
        assert proxy.files_with(canary.encode()) == []
        assert kind != "caddy" or proxy.files_with(b"serving initial configuration"), "not a word of its start either"


def test_what_strangers_say_of_their_way_here_is_not_passed_on(proxy: Proxy, upstream: Upstream) -> None:
    plain = ("Forwarded", "X-Forwarded-Ssl", "X-Forwarded-Protocol", "X-Real-IP")
    of_underscores = ("SCRIPT_NAME", "PATH_INFO", "X_Forwarded_For")
    overwritten = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "elsewhere.example"}
    upstream.manner = "answers"
    with closing(through(proxy)) as http:
        assert (
            http.get("/user/data", headers={**dict.fromkeys((*plain, *of_underscores), "a-lie"), **overwritten}).text
            == "ok"
        )
    heard = upstream.fields()
    assert "a-lie" not in heard.values()
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "https"
    assert "elsewhere" not in heard.get("x-forwarded-host", "")


@pytest.mark.parametrize("path", ["/metrics", "/admin", "/api/v1/admin/overview"])
def test_an_operator_whose_address_is_named_is_let_in(proxy: Proxy, upstream: Upstream, path: str) -> None:
    upstream.manner = "answers"
    with closing(through(proxy, "")) as http:
        assert http.get(path).text == "ok"
    assert upstream.heard[-1].startswith(f"GET {path} ".encode())


def handshake(proxy: Proxy, context: ssl.SSLContext) -> str | None:
    with (
        socket.create_connection(("127.0.0.1", proxy.ports.https), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as connection,
    ):
        return connection.version()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_tls_1_2_and_1_3(proxy: Proxy, version: ssl.TLSVersion) -> None:
    context = trusting(proxy)
    context.minimum_version = context.maximum_version = version
    assert handshake(proxy, context) == version.name.replace("_", ".")


def test_it_refuses_older_versions(proxy: Proxy) -> None:
    context = trusting(proxy)
    context.set_ciphers("ALL:@SECLEVEL=0")  # Else it would be us who refuse.
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError) as refused:
        handshake(proxy, context)
    assert refused.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


def test_it_refuses_suites_without_forward_secrecy(proxy: Proxy) -> None:
    context = trusting(proxy)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(WITHOUT_FORWARD_SECRECY)
    with pytest.raises(ssl.SSLError) as refused:
        handshake(proxy, context)
    assert refused.value.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE"


def first_half(text: str) -> str:
    """What the file tells to do before there is a certificate: `sed '/^# -- HTTPS/,$d'`."""
    half, mark, _ = text.partition("\n# -- HTTPS\n")
    assert mark
    return half


def test_nginx_shows_certbots_answers_over_plain_http_with_half_of_the_file_and_with_all(upstream: Upstream) -> None:
    for change in (first_half, as_shipped):
        with running_proxy("nginx", free_ports(), upstream.address, change) as proxy:
            asked = f"http://{NAME}:{proxy.ports.http}/.well-known/acme-challenge"
            folder = proxy.folder / "challenges" / ".well-known" / "acme-challenge"
            folder.mkdir(parents=True)
            (folder / "a-token").write_text("its answer")
            assert httpx.get(f"{asked}/a-token", trust_env=False).text == "its answer"
            assert httpx.get(f"{asked}/another", trust_env=False).status_code == 404
            assert httpx.get(f"{asked}/%2e%2e/user", trust_env=False).status_code == 308


@pytest.mark.parametrize("kind", KINDS)
def test_systemd_takes_what_keeps_its_memory_off_the_disk(kind: Kind, tmp_path: Path) -> None:
    unit = Path(f"/lib/systemd/system/{kind}.service")
    if shutil.which("systemd-analyze") is None or not unit.exists():
        assert os.environ.get("CI", "").lower() != "true", f"CI must have systemd-analyze and {kind}"
        pytest.skip(f"NOT TESTED: systemd-analyze or {unit} is not installed")
    shutil.copy(unit, tmp_path)
    shutil.copytree(DEPLOY / kind / f"{kind}.service.d", tmp_path / f"{kind}.service.d")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name],
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in verified.stderr.splitlines() if kind in line]
    assert (ours, verified.returncode) == ([], 0)
    (drop_in,) = (tmp_path / f"{kind}.service.d").iterdir()
    assert {"LimitCORE=0", "MemorySwapMax=0", "Restart=on-failure"} <= set(drop_in.read_text().splitlines())
