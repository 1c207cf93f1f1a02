"""Settings that are addresses: what each must look like, looked at before anything is started with them.

Every function gives the text as it is used from there on. ValueError says in one line what is wrong, and never with a
part of the text: a password may stand in it, also where none was meant to.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_SOCKET_PATH_MAX_BYTES: Final = 107  # sockaddr_un has 108, one of them for the final zero.
_HOST_MAX_CHARS: Final = 253
_HOST: Final = re.compile(r"[\w.:%-]+")
_ORIGIN: Final = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ESCAPES: Final = "in a password, / ? # @ % are written %2F %3F %23 %40 %25"
_YES_NO: Final = re.compile("true|false|yes|no|1|0", re.IGNORECASE)
_SECONDS: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
_TLS_FILE: Final = re.compile(r"/\S{1,4000}")
_OPTIONS: Final = {
    "db": re.compile("[0-9]{1,5}"),
    "username": re.compile(".{1,512}"),
    "password": re.compile(".{1,4000}"),
    "protocol": re.compile("2|3"),
    "health_check_interval": re.compile("[0-9]{1,4}"),
    "socket_connect_timeout": _SECONDS,
    "socket_keepalive": _YES_NO,
    "socket_timeout": _SECONDS,
}
"""What a queue's address may say after `?`. Of others redis-py makes arguments that end the program, if it has none."""
_TLS_OPTIONS: Final = {
    "ssl_ca_certs": _TLS_FILE,
    "ssl_certfile": _TLS_FILE,
    "ssl_keyfile": _TLS_FILE,
    "ssl_cert_reqs": re.compile("none|optional|required"),
    "ssl_check_hostname": _YES_NO,
}


def listening(text: str) -> str:
    """A name or an address of this machine, without a port."""
    if ":" in text:
        try:
            if ":" in str(ipaddress.IPv6Address(text).scope_id):  # It takes anything after a %.
                raise ValueError
        except ValueError:
            raise ValueError("must be a name or an address, without a port: that is STRONGROOM_PORT") from None
    _require_host(text)
    return text


def key_file(text: str) -> str:
    """A file, and not by mistake the key that it should hold: the name is told wherever the file cannot be read."""
    if re.fullmatch(r"\s*(0x)?[0-9A-Fa-f]{32,}\s*", text):
        raise ValueError(
            "must name a file, and this is written like a key: that goes into STRONGROOM_SERVER_KEY (a file of such a"
            " name is ./ and the name)"
        )
    return text


def queue(text: str) -> str:
    """`redis://`, `rediss://` (TLS) or `unix://`, as redis-py reads them."""
    _require_no_space(text)
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    parts = _split(text)
    if parts.fragment or "#" in text:
        raise ValueError(f"must have no # ({_ESCAPES})")
    if parts.scheme == "unix":
        _require_socket_path(parts)
    else:
        _require_host(unquote(parts.hostname or ""))  # As redis-py asks for it.
        if not re.fullmatch("(/[0-9]{0,5})?", parts.path):
            raise ValueError(f"may have nothing but the number of a database after the host ({_ESCAPES})")
    known = {**_OPTIONS, **_TLS_OPTIONS} if parts.scheme == "rediss" else _OPTIONS
    options = parse_qsl(parts.query, keep_blank_values=True)
    if not all(name in known and known[name].fullmatch(value) for name, value in options):
        raise ValueError(f"has something after the ? that is no option, or no value of it ({_ESCAPES})")
    return text


def proxies(text: str) -> str:
    """Single addresses, comma-separated, each spelled in all ways in which it is compared with the one of a
    connection."""
    found: list[str] = []
    for part in text.split(","):
        try:
            address = ipaddress.ip_address(part.strip())
        except ValueError:
            raise ValueError("must be IP addresses, comma-separated: no networks, names, ports or *") from None
        plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else address
        # An IPv4 proxy at a socket of both kinds: gunicorn sees the longer one, the limits count the other.
        found += [str(address)] if plain is None else [str(plain), f"::ffff:{plain}"]
    return ",".join(dict.fromkeys(found))


def origin(text: str) -> str:
    """`scheme://host` or `scheme://host:port`, spelled as browsers do: in lower case, without the scheme's own port."""
    if not _ORIGIN.fullmatch(text):
        raise ValueError("must be http(s)://host or http(s)://host:port, and nothing else")
    parts = _split(text)
    host = parts.hostname or ""
    _require_host(host)
    named = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{named}{port}"


def origins(text: str) -> str:
    """The same, comma-separated."""
    return ",".join(dict.fromkeys(origin(part.strip()) for part in text.split(",")))


def endpoint(text: str) -> str:
    """An HTTP server and a path, of which nothing else than these would be sent."""
    _require_no_space(text)
    if not text.startswith(("http://", "https://")) or not text.isascii():
        raise ValueError("must begin with http:// or https:// and be in ASCII")
    parts = _split(text)
    if "@" in parts.netloc:
        raise ValueError("must have no name or password: what opens it is STRONGROOM_TRANSCRIBE_API_KEY")
    if "?" in text or "#" in text:
        raise ValueError("must have nothing after the path")
    _require_host(parts.hostname or "")
    return text


def _split(text: str) -> SplitResult:
    """With a port from 1 to 65535, if any."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # Says what it could not read, and that can be the half of a password.
        raise ValueError(f"has a host or a port that cannot be read ({_ESCAPES})") from None
    if port == 0:
        raise ValueError("must have a port from 1 to 65535")
    return parts


def _require_no_space(text: str) -> None:
    if any(char.isspace() for char in text):
        raise ValueError("must have no space in it")


def _require_host(host: str) -> None:
    """One that can be asked for: what `getaddrinfo` cannot encode is no OSError there."""
    try:
        if len(host) <= _HOST_MAX_CHARS and _HOST.fullmatch(host) and host.encode("idna"):
            return
    except UnicodeError:
        pass
    raise ValueError("must name a host, by a name or an address")


def _require_socket_path(parts: SplitResult) -> None:
    path = unquote(parts.path)
    if parts.hostname or parts.port is not None or path.endswith("/") or not path.startswith("/"):
        raise ValueError("must name a socket by its whole path: unix:///run/valkey.sock")
    if not path.isprintable() or len(path.encode()) > _SOCKET_PATH_MAX_BYTES:
        raise ValueError(f"must name a socket by a path of at most {_SOCKET_PATH_MAX_BYTES} bytes, all printable")
