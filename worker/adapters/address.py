"""What an operator may write as the address and the key of a service; everything else is refused at start.

Used by the adapters that speak HTTP. Opens no connection.
"""

import ipaddress
from urllib.parse import urlsplit

from pydantic import SecretStr

from worker.errors import BadConfiguration


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(setting: str, url: str, *, path_allowed: bool = False) -> str:
    """`scheme://host[:port]`, with the path if that is allowed, without a trailing slash. BadConfiguration, naming
    `setting`, for anything else. Plain http is for loopback alone: elsewhere the key would travel readable."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadConfiguration(f"{setting} is not a URL: write https://acme.example.com") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadConfiguration(f"{setting} must look like https://acme.example.com")
    if parts.username is not None or parts.password is not None:
        raise BadConfiguration(f"{setting} must not carry a user name or password: the key has a setting of its own")
    path = parts.path.rstrip("/")
    if (path and not path_allowed) or parts.query or parts.fragment:
        raise BadConfiguration(f"{setting} must be scheme and host alone, without the path {parts.path!r} or a query")
    shown = f"[{host}]" if ":" in host else host
    checked = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "") + path
    if parts.scheme == "http" and not is_loopback(checked):
        raise BadConfiguration(f"{setting} must begin with https://; plain http is accepted for this machine only")
    return checked


def checked_key(setting: str, key: SecretStr) -> SecretStr:
    """The key without surrounding white space. An empty key, or one that no header can carry, is refused here, since
    the error of the HTTP library would print it."""
    value = key.get_secret_value().strip()
    if not value:
        raise BadConfiguration(f"{setting} is empty")
    if not all("!" <= c <= "~" for c in value):
        raise BadConfiguration(
            f"{setting} holds a character that no key has (a space, a quote mark from a text editor)"
        )
    return SecretStr(value)
