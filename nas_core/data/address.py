"""Addresses of data: their scheme, and how they may be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

FILE_SCHEMES = ("file", "s3", "http", "https")
AIRFLOW = "airflow"  # airflow://name is a connection that Airflow knows
SECRETS = re.compile(r"[?&;](password|passwd|pwd|secret|token)=", re.IGNORECASE)


def scheme(uri: str) -> str:
    """``s3``, ``https``, ``postgresql+psycopg`` …; ``file`` for a path."""
    return uri.split("://", 1)[0].lower() if "://" in uri else "file"


def shown(uri: str) -> str:
    """`uri` without user, password, query and fragment (which may hold a signature), for logs, errors and reports."""
    if "://" not in uri:
        return uri
    kind, _, rest = uri.partition("://")
    user, host = _user_and_host(rest)
    return f"{kind}://{re.split('[?#]', host, maxsplit=1)[0]}" if user or host else uri


def holds_password(uri: str) -> bool:
    """Whether a password stands in the address: before the host, or in its query under a name such as `password`.

    The signature of a presigned address is none: it opens one file for a while.
    """
    if "://" not in uri:
        return False
    rest = uri.split("://", 1)[1]
    is_database = scheme(uri) not in FILE_SCHEMES
    return ":" in _user_and_host(rest)[0] or (is_database and bool(SECRETS.search(rest)))


def _user_and_host(rest: str) -> tuple[str, str]:
    """What stands before the ``@`` of an address, and what follows; a password may hold a slash."""
    place, slash, path = rest.partition("/")
    if "@" in place:
        user, _, host = place.rpartition("@")
        return user, host + slash + path
    _, colon, port = place.partition(":")
    if colon and not port.isdigit() and "@" in path:
        user, _, host = rest.rpartition("@")
        return user, host
    return "", rest


def connection_variable(uri: str) -> str:
    """The environment variable that holds the connection of ``airflow://name``, as Airflow spells it."""
    return f"AIRFLOW_CONN_{urlsplit(uri).netloc.upper()}"


def last_part(uri: str) -> str:
    """What the table at `uri` is called: the last part of its address."""
    path = urlsplit(shown(uri)).path if "://" in uri else uri
    return path.rstrip("/").rsplit("/", 1)[-1] or shown(uri)
