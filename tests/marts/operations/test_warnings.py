"""What is odd is told once for a shop, whatever its settings."""

from pathlib import Path

import pytest

from ...support.line import build_shop


@pytest.mark.parametrize(("settings", "orders"), [({}, 2), ({"gross_margin": 0.4}, 0)])
def test_orders_without_costs_are_one_warning(
    tmp_path: Path, settings: dict[str, float], orders: int
) -> None:
    rows = "1,A,2024-03-01 10:00:00,5\n2,B,2024-03-02 10:00:00,5\n"
    (tmp_path / "orders.csv").write_text("no,who,at,total\n" + rows, encoding="utf-8")
    columns = {"order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "total"}
    export = {"files": "orders.csv", "delivered_at": "2024-04-01", "currency": "EUR"}
    config = {"settings": settings, "exports": {"orders": export | {"columns": columns}}}
    shop = build_shop(tmp_path, config, "data_warnings")
    found = "select occurrences from data_warnings where warning like 'cost_amount is empty%'"
    assert shop.query(found) == [(orders,)]
