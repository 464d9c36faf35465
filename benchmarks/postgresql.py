"""A PostgreSQL server of one's own for a while: for one user, on a free port of this machine, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import standalone


@contextmanager
def running() -> Iterator[str]:
    """Start one, with the programs that Debian's `postgresql` brings; gives its address for SQLAlchemy."""
    places = [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    programs = [shutil.which(name, path=os.pathsep.join(places)) for name in ("initdb", "pg_ctl")]
    if None in programs:
        sys.exit("This needs PostgreSQL's initdb and pg_ctl (Debian: postgresql).")
    initdb, pg_ctl = map(str, programs)
    (port,) = standalone.free_ports(1)
    with tempfile.TemporaryDirectory(prefix="nas-postgresql-", dir="/tmp") as folder:
        become: dict[str, Any] = {}
        if os.getuid() == 0:  # which PostgreSQL refuses to be
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            become = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        run = partial(subprocess.check_call, cwd=folder, stdout=subprocess.DEVNULL, **become)
        data = f"{folder}/data"
        run([initdb, "-D", data, "-U", "airflow", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"])
        options = f"-h 127.0.0.1 -p {port} -k {folder}"
        run([pg_ctl, "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"])
        try:
            yield f"postgresql+psycopg://airflow@127.0.0.1:{port}/postgres"
        finally:
            run([pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"])
