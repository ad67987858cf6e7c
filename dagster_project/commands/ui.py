"""`retention ui`: Dagster's own server, over one shop."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from ..settings import ROOT
from ..warehouse.files import Warehouse
from .history import history
from .run import checked_config


def serve(exports: Path, warehouse: Warehouse, host: str, port: int) -> NoReturn:
    """Become the server of the UI, which ends by Ctrl-C.

    Raises ExportError where `exports.yml` is wrong: the UI would offer runs of nothing.
    """
    checked_config(exports)
    shop = {
        "DAGSTER_HOME": str(history(warehouse)),
        "RETENTION_EXPORTS": str(exports),
        "RETENTION_WAREHOUSE": str(warehouse.folder),
    }
    dg = str(Path(sys.executable).with_name("dg"))
    os.chdir(ROOT)
    os.execve(dg, [dg, "dev", "--host", host, "--port", str(port)], os.environ | shop)
