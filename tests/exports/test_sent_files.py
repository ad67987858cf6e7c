"""Export files as people send them: every row is loaded or told of, or the file is refused by name.

What is right for each of them stands in `cases/files/README.md`; this holds for all of them.
"""

from pathlib import Path

import pytest

from dagster_project.exports.errors import ExportError

from ..support.cases import stage
from ..support.shops import DATA_SETS

FOLDERS = sorted(path.parent for path in (DATA_SETS / "cases/files").glob("*/exports.yml"))


@pytest.mark.parametrize("folder", [pytest.param(path, id=path.name) for path in FOLDERS])
def test_no_row_is_lost_in_silence(folder: Path, tmp_path: Path) -> None:
    sent = {path.name for path in folder.iterdir()}
    try:
        staged = stage(folder, tmp_path)
    except ExportError as refused:
        assert any(name in str(refused) for name in sent), refused  # noqa: PT017
        return
    files = staged.query("select file, rows_in_file, rows_rejected, export from ledger.files")
    assert files
    for file, rows, rejected, export in files:
        assert Path(file).name in sent
        ((loaded,),) = staged.query(f"select count(*) from raw.{export} where _file = ?", file)
        ((told,),) = staged.query("select count(*) from ledger.rejects where _file = ?", file)
        assert (rows, rejected) == (loaded + rejected, told)
