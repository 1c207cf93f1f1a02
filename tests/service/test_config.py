"""Settings: read once, wrong ones named in one line, and what is secret never shown."""

from __future__ import annotations

import msgspec
import pytest

from service.machine.config import PREFIX, Settings, SettingsError, as_environment, load_settings

KEY = "0123456789abcdef" * 4


def test_without_any_variable_everything_has_its_default() -> None:
    assert load_settings({}) == Settings()
    assert load_settings({"HOME": "/root", "PORT": "1"}) == Settings()


def test_a_variable_sets_the_field_of_its_name() -> None:
    settings = load_settings(
        {"STRONGROOM_PORT": "0", "STRONGROOM_DATA": "/srv/strongroom", "STRONGROOM_SERVER_KEY": KEY}
    )
    assert (settings.port, settings.data, settings.server_key) == (0, "/srv/strongroom", KEY)


def test_an_empty_variable_is_none() -> None:
    assert load_settings({"STRONGROOM_PORT": "", "STRONGROOM_REDIS_URL": ""}) == Settings()


@pytest.mark.parametrize("variable", ["STRONGROOM_PROT", "STRONGROOM_", "STRONGROOM_QUOTA"])
def test_a_variable_that_no_setting_has_is_refused_by_name(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is no setting of Strongroom$"):
        load_settings({variable: "1"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STRONGROOM_PORT", "80a"),
        ("STRONGROOM_PORT", "65536"),
        ("STRONGROOM_PORT", "-1"),
        ("STRONGROOM_PORT", "8000.5"),
        ("STRONGROOM_API_PROCESSES", "0"),
        ("STRONGROOM_MAX_FILE_BYTES", "0"),
        ("STRONGROOM_QUOTA_BYTES", "100G"),
        ("STRONGROOM_LOG_LEVEL", "loud"),
        ("STRONGROOM_LOG_FORMAT", "xml"),
        ("STRONGROOM_PUBLIC_ORIGIN", "strongroom.example.org"),
        ("STRONGROOM_PUBLIC_ORIGIN", "https://example.org/path"),
    ],
)
def test_a_wrong_value_is_told_in_one_line_with_variable_and_value(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({variable: value})
    message = str(refused.value)
    assert message.startswith(f"{variable}={value!r}: ")
    assert "\n" not in message


@pytest.mark.parametrize("value", [KEY[:-1], KEY + "00", "not hex " * 8, KEY[:-1] + "g"])
def test_a_wrong_server_key_is_told_without_showing_it(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"STRONGROOM_SERVER_KEY": value})
    message = str(refused.value)
    assert message.startswith("STRONGROOM_SERVER_KEY: ")
    assert value[:8] not in message
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_settings_come_through_the_environment_to_a_child_unchanged() -> None:
    for settings in (
        Settings(),
        Settings(
            data="/x y",
            port=0,
            server_key=KEY,
            redis_url="redis://h:1/0",
            trusted_proxies="10.0.0.1,::ffff:10.0.0.1,::1",
        ),
        Settings(public_origin="https://example.org", quota_bytes=0, log_format="json", log_level="debug"),
    ):
        environment = as_environment(settings)
        assert all(name.startswith(PREFIX) for name in environment)
        assert load_settings(environment) == settings


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]  # That it is refused is the point.


def test_the_server_key_is_not_shown_with_the_settings() -> None:
    assert KEY not in repr(Settings(server_key=KEY, redis_url="redis://:hidden@h/0"))
    assert "hidden" not in repr(Settings(redis_url="redis://:hidden@h/0"))


def test_every_setting_says_what_it_is() -> None:
    schema = msgspec.json.schema(Settings)["$defs"]["Settings"]
    for name, field in schema["properties"].items():
        assert field.get("description"), name
