"""Settings that are wrong, or meant to be: each is one line that names the variable, at the start, with no secret."""

from __future__ import annotations

import re

import pytest
import typer
from gunicorn.config import Config
from msgspec import inspect
from redis.connection import parse_url

from service.commands.command import read_settings
from service.machine.config import (
    ADDRESSES,
    PREFIX,
    SHOWN_CHARS,
    Settings,
    SettingsError,
    as_environment,
    load_settings,
)
from service.media.transcribe import engine_for

MOST_LINE_CHARS = 400
SECRET = "geheim"


def loaded(name: str, value: str) -> object:
    return getattr(load_settings({PREFIX + name.upper(): value}), name)


def refused(name: str, value: str) -> str:
    """The line, which names the variable."""
    with pytest.raises(SettingsError) as stopped:
        loaded(name, value)
    line = str(stopped.value)
    assert line.startswith(PREFIX + name.upper())
    assert line.isprintable()
    assert len(line) < MOST_LINE_CHARS
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__
    return line


# -- all of them -------------------------------------------------------------------------------------------------------


def fields() -> list[inspect.Field]:
    described = inspect.type_info(Settings)
    assert isinstance(described, inspect.StructType)
    return list(described.fields)


def bare(kind: inspect.Type) -> inspect.Type:
    """Without what describes it, and without None."""
    match kind:
        case inspect.Metadata(type=inner):
            return bare(inner)
        case inspect.UnionType(types=types):
            (inner,) = (each for each in types if not isinstance(each, inspect.NoneType))
            return bare(inner)
        case _:
            return kind


@pytest.mark.parametrize("field", fields(), ids=lambda field: field.name)
def test_every_setting_has_bounds(field: inspect.Field) -> None:
    match bare(field.type):
        case inspect.IntType(ge=int(least), le=int(most)):
            assert 0 <= least <= field.default <= most < 2**63
            for wrong in (least - 1, most + 1, 2**63 - 1, 2**64, 10**400):
                refused(field.name, str(wrong))
            assert (loaded(field.name, str(least)), loaded(field.name, str(most))) == (least, most)
        case inspect.StrType(pattern=None, max_length=int()):
            refused(field.name, "a" * 40_000)
        case inspect.StrType(pattern=str(pattern)):
            assert pattern.endswith(r"\Z"), "$ lets a line end after what it matches"
            refused(field.name, "a" * 40_000)
        case inspect.LiteralType():
            refused(field.name, "a" * 40_000)
        case other:
            pytest.fail(f"{field.name} has no bounds: {other}")


@pytest.mark.parametrize("value", ["\udcff", "a\udcc3", "x\n", "\x1b[31m", "a\x7f", "a\x85", "a\u2028b", "  "])
def test_no_setting_takes_controls_or_what_is_not_text_or_nothing_but_space(value: str) -> None:
    for name in Settings.__struct_fields__:
        refused(name, value)


@pytest.mark.parametrize(
    "value", ["1e3", "8000.0", "+80", " 80", "80 ", "8_0", "0x50", "８０", "true", "-0", "9" * 5000]
)
def test_a_number_is_digits_and_nothing_else(value: str) -> None:
    refused("port", value)


def test_a_long_value_is_told_by_its_beginning() -> None:
    line = refused("log_level", "é" * 5_000)
    assert line.startswith(f"STRONGROOM_LOG_LEVEL='{'é' * (SHOWN_CHARS - 2)}…: must be one of debug, ")


@pytest.mark.parametrize("variable", ["STRONGROOM_\udcff", "STRONGROOM_A\nB", "STRONGROOM_" + "A" * 9_000])
def test_a_variable_that_no_setting_has_is_told_in_one_short_line(variable: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        load_settings({variable: "1"})
    assert str(stopped.value).isprintable()
    assert len(str(stopped.value)) < MOST_LINE_CHARS


@pytest.mark.parametrize("variable", ["STRONGROOM_port", "STRONGROOM_SERVER_\N{KELVIN SIGN}EY"])
def test_a_variable_has_one_spelling(variable: str) -> None:
    with pytest.raises(SettingsError, match="is no setting of Strongroom"):
        load_settings({variable: "1"})


# -- the queue ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "http://127.0.0.1:1",
        "Redis://127.0.0.1",
        "redis://",
        "redis:///0",
        "redis://:x@[::1",
        "redis://[foo]:1",
        "redis://127.0.0.1:notaport",
        "redis://127.0.0.1:65536",
        "redis://127.0.0.1:0",
        "redis://a..b:1",
        f"redis://{'a' * 64}:1",
        "redis://h%00:1",
        "redis://h:1/zero",
        "redis://h:1/0/1",
        "redis://h:1?db=x",
        "redis://h:1?nonsense=1",
        "redis://h:1?ssl_ca_certs=/ca.pem",
        "redis://h:1/0#1",
        "redis://h: 1",
        " redis://h:1",
        "unix://",
        "unix:///",
        "unix:///run/",
        "unix://run/valkey.sock",
        "unix:///run/%00",
        f"unix:///{'a' * 107}",
    ],
)
def test_a_queue_that_nobody_could_ask_is_refused(url: str) -> None:
    assert refused("redis_url", url).startswith("STRONGROOM_REDIS_URL: ")


@pytest.mark.parametrize(
    "url",
    [
        "redis://valkey:6379/0",
        "redis://valkey",
        "redis://user:p%2Fw@[::1]:6379/15?health_check_interval=30&socket_timeout=2.5",
        "redis://:odd@word@under_score.example.:6379/",
        "rediss://h:1/0?ssl_cert_reqs=none&ssl_check_hostname=false",
        "unix:///run/valkey%20one.sock?db=3",
        f"unix:///{'a' * 106}",
    ],
)
def test_a_queue_that_can_be_asked_is_taken_as_it_is(url: str) -> None:
    assert loaded("redis_url", url) == url
    parse_url(url)  # type: ignore[no-untyped-call]  # redis-py says no types here.


@pytest.mark.parametrize("mark", "/?#[ \n")
@pytest.mark.parametrize("before", ["", "12"])
def test_a_password_that_is_not_escaped_is_refused_and_not_told(before: str, mark: str) -> None:
    line = refused("redis_url", f"redis://:{before}{SECRET}{mark}nis{SECRET}@127.0.0.1:6399/0")
    assert SECRET not in line
    assert "nis" not in line


@pytest.mark.parametrize("password", ["123/4", "123?4", "123#4"])
def test_a_password_of_digits_is_not_taken_for_a_port(password: str) -> None:
    refused("redis_url", f"redis://user:{password}@127.0.0.1:6399/0")
    assert "%2F" in refused("redis_url", f"redis://user:{password}@127.0.0.1:6399/0")


# -- proxies and origins -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["foo", "10.0.0.0/8", "*", "10.0.0.1,", ",", "10.0.0.1 10.0.0.2", "10.0.0.1:80", "[::1]", "10.0.0.01", "1"]
)
def test_a_proxy_is_an_address_and_no_network(value: str) -> None:
    assert "must be IP addresses" in refused("trusted_proxies", value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("127.0.0.2", "127.0.0.2,::ffff:127.0.0.2"),
        (" 10.0.0.1 , ::1,10.0.0.1", "10.0.0.1,::ffff:10.0.0.1,::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:DB8::00a", "2001:db8::a"),
        ("::FFFF:10.0.0.1", "10.0.0.1,::ffff:10.0.0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_proxies_are_spelled_as_connections_are(value: str, read: str) -> None:
    assert loaded("trusted_proxies", value) == loaded("trusted_proxies", read) == read
    gunicorn = Config()
    gunicorn.set("forwarded_allow_ips", read)
    assert len(gunicorn.forwarded_allow_networks()) == read.count(",") + 1


@pytest.mark.parametrize("name", ["public_origin", "other_origins"])
@pytest.mark.parametrize(
    "value",
    [
        "https://a b",
        "https://x?y",
        "https://x#y",
        "https://x/",
        "https://x:999999",
        "https://x:65536",
        "https://x:0",
        "https://x:",
        "https://x\n",
        "https://",
        "https://:1",
        "https://a..b",
        "https://[::1",
        "https://[1]",
        "https://::1",
        "https://bücher.example",
        "https://*",
        "*",
        "null",
        "ftp://x",
        "//x",
        "https://a,,https://b",
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(name: str, value: str) -> None:
    assert f"={value!r}: " in refused(name, value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("https://Vault.Example.org:443", "https://vault.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://x:80", "https://x:80"),
    ],
)
def test_an_origin_is_spelled_as_browsers_do(value: str, read: str) -> None:
    assert loaded("public_origin", value) == loaded("other_origins", value) == read


def test_origins_stand_between_commas_with_or_without_space() -> None:
    assert loaded("other_origins", "https://a , http://b:1,https://A") == "https://a,http://b:1"


@pytest.mark.parametrize(
    "name", ["public_origin", "other_origins", "data", "host", "transcribe_url", "trusted_proxies"]
)
def test_a_password_in_an_address_is_not_told_wherever_it_was_put(name: str) -> None:
    assert SECRET not in refused(name, f"https://ada:{SECRET}@x.example:port\n")


# -- other texts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a b", "a..b", "a" * 64, "x/y", "[::1]", "*", "a," * 3, "[::1]:80"])
def test_a_host_can_be_asked_for(value: str) -> None:
    refused("host", value)


@pytest.mark.parametrize("value", ["0.0.0.0:8000", "localhost:8000", "a:", ":80", "fe80::1%eth0:80"])
def test_a_host_has_no_port(value: str) -> None:
    assert "without a port: that is STRONGROOM_PORT" in refused("host", value)


@pytest.mark.parametrize("value", ["::", "::1", "0.0.0.0", "localhost", "fe80::1%eth0", "bücher.example"])
def test_a_host_is_a_name_or_an_address(value: str) -> None:
    assert loaded("host", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "https:// ",
        "https://",
        "https:///v1",
        "https://a b/v1",
        "https://a:x/v1",
        "https://a:99999",
        "https://a..b/v1",
        "https://a/é",
        "https://a/v1?key=geheim",
        "https://a/v1#x",
        f"https://ada:{SECRET}@a/v1",
        f"https://ada:{SECRET}/x@a:1/v1",
        "ftp://a",
    ],
)
def test_an_endpoint_that_could_not_be_asked_is_refused_and_not_told(value: str) -> None:
    line = refused("transcribe_url", value)
    assert line.startswith("STRONGROOM_TRANSCRIBE_URL: ")
    assert SECRET not in line


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:9000", "https://a.example/", "http://[::1]:1/v1/audio/transcriptions"]
)
def test_an_endpoint_is_a_server_and_a_path(value: str) -> None:
    assert loaded("transcribe_url", value) == value


@pytest.mark.parametrize("name", ["server_key", "operator_token", "transcribe_api_key"])
@pytest.mark.parametrize("more", ["\n", " ", "é"])
def test_a_secret_with_something_after_it_is_refused_and_not_told(name: str, more: str) -> None:
    line = refused(name, "0123456789abcdef" * 4 + more)
    assert "0123" not in line


@pytest.mark.parametrize("folder", ["a" * 300, "/none"])
def test_a_folder_of_no_model_is_one_line_even_if_its_name_is_too_long(folder: str) -> None:
    with pytest.raises(SettingsError, match="must name the folder of a model"):
        engine_for(Settings(transcribe="faster-whisper", transcribe_model=folder))


def test_what_was_read_is_read_by_a_child_as_the_same() -> None:
    settings = load_settings(
        {
            "STRONGROOM_TRUSTED_PROXIES": "::ffff:10.0.0.1, ::1",
            "STRONGROOM_PUBLIC_ORIGIN": "https://A:443",
            "STRONGROOM_OTHER_ORIGINS": "https://A:443 , http://b",
            "STRONGROOM_REDIS_URL": "unix:///run/valkey.sock",
        }
    )
    assert load_settings(as_environment(settings)) == settings


def test_what_is_looked_at_more_closely_is_a_setting() -> None:
    assert set(ADDRESSES) <= set(Settings.__struct_fields__)


# -- a command ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRONGROOM_DATA", raising=False)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "LOG_LEVEL",
            "\udcff",
            r"STRONGROOM_LOG_LEVEL='\udcff': holds a control character, or bytes that are not UTF-8",
        ),
        ("PORT", "80a", "STRONGROOM_PORT='80a': must be a whole number"),  # Also where an option replaces it.
        ("REDIS_URL", "redis://:geheim/nis@127.0.0.1:6399/0", "STRONGROOM_REDIS_URL: has a host or a port that cannot"),
        ("LOG_WITNESSES", "nobody", "STRONGROOM_LOG_WITNESSES: not a verifier key"),
        ("LOG_WITNESSES", "\udcff", r"STRONGROOM_LOG_WITNESSES='\udcff': holds a control character"),
    ],
)
def test_a_command_ends_with_one_line_and_2(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(typer.Exit) as ended:
        read_settings(port="0")
    assert ended.value.exit_code == 2
    told = capsys.readouterr().err
    assert re.fullmatch(rf"strongroom: {re.escape(said)}.*\n", told)


def test_an_option_goes_before_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_PORT", "80")
    assert read_settings(port="0").port == 0
