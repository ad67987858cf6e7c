"""The Dagster UI as `make dev` starts it, and a Chromium to look at it with."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dagster_project.settings import OFFLINE

from ..support.shops import dagster_home

RETENTION = Path(sys.executable).with_name("retention")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90

#: What keeps this machine from looking at the UI; empty when nothing does.
MISSING = "" if CHROMIUM else "no chromium, chromium-browser or google-chrome on the PATH"


@contextmanager
def serve(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve the UI from a free port of 127.0.0.1 while the block runs; its address.

    `home` becomes DAGSTER_HOME, with the project's own dagster.yaml. The output stays in
    `home/dev.log`. Raises RuntimeError, with that output, when the UI does not come up.
    """
    dagster_home(home)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    log = home / "dev.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [RETENTION, "ui", "--port", str(port)],
            env=os.environ | OFFLINE | {"DAGSTER_HOME": str(home)} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # a shell that runs in the background hands on a SIGINT that is ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        _wait(server, address, log)
        yield address
    finally:
        _stop(server)


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium that does nothing of its own accord."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield chromium
        finally:
            chromium.close()


def materialize_in_group(page: Page, group: str, mart: str) -> None:
    """Open the lineage of a group, select one mart there, and press the button."""
    page.goto(f"/locations/retention-warehouse/asset-groups/{group}/lineage")
    # wherever the graph's layout has put the node, also beneath the search bar
    page.get_by_text(mart, exact=True).first.dispatch_event("click")
    page.get_by_role("button", name="Materialize selected").click()
    page.get_by_text("Launched run").first.wait_for()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(server: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(f"{address}/server_info", timeout=5).close()
            return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the UI did not come up:\n{log.read_text(encoding='utf-8')}")


def _stop(server: subprocess.Popen) -> None:
    """The server and all it started: kindly first."""
    server.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(5)
