"""Ten nights on which things go wrong: published is what a recount comes to, or nothing is.

`make soak` follows a shop for three hundred.
"""

from pathlib import Path

import pytest

from ..support.soak import Soak


@pytest.mark.timeout(1800)  # thirteen runs beside two other tests
def test_ten_nights_come_to_what_is_counted(tmp_path: Path) -> None:
    told = list(Soak(tmp_path, nights=10).follow())
    assert [(night.number, night.name, night.wrong) for night in told if night.wrong] == []
    assert len({night.name for night in told}) == 10
