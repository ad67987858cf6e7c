"""A PostgreSQL server of the system's packages, for as long as a test needs it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FOUND = [shutil.which("postgres"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres"))]
SERVER = next((Path(found).resolve() for found in _FOUND if found), None)
START_SECONDS = 60

#: What keeps this machine from serving; empty when nothing does.
MISSING = "" if SERVER else "no postgres on the PATH or in /usr/lib/postgresql"


@contextmanager
def server() -> Iterator[str]:
    """Serve an empty database on a socket of its own while the block runs; its address."""
    assert SERVER is not None
    # sockets have short paths, and whoever serves may not be root nor look into root's folders
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    somebody: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        somebody |= {"user": "nobody", "extra_groups": []}
    data = folder / "data"
    initdb = [SERVER.with_name("initdb"), "-D", data, "-U", "dagster", "--auth=trust", "--no-sync"]
    running = None
    try:
        subprocess.run(initdb, check=True, **somebody)
        command = [SERVER, "-D", data, "-k", folder, "-c", "listen_addresses=", "-F"]
        running = subprocess.Popen(command, stderr=subprocess.DEVNULL, **somebody)
        ready = [SERVER.with_name("pg_isready"), "-q", "-h", folder]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(ready).returncode:
            assert running.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)
        yield f"postgresql://dagster@/postgres?host={folder}"
    finally:
        if running:
            running.send_signal(signal.SIGINT)  # which does not wait for who is connected
            running.wait(30)
        shutil.rmtree(folder)
