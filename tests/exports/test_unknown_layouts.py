"""Thirty layouts that no maker's is: what `retention init` makes of each is right, or asked for.

Each was drawn with its right answer, reckoned by hand: the table, how many customers, what money
and which days. A figure that differs has to be asked for by name; none may be wrong in silence.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.exports.proposal.propose import propose

from ..support.loading import Shop


@dataclass(frozen=True)
class Layout:
    """Files, and what is right: None where the table has no such figure."""

    files: dict[str, str]
    table: str
    rows: int
    customers: int | None
    total: float | None
    days: tuple[str, str] | None
    asked: tuple[str, ...] = ()


LAYOUTS = {
    "German till, lines": Layout(
        {
            "a.csv": "Pos;Artikel;Menge;Einzelpreis;Belegnr;Belegdatum;Kd-Nr\n"
            "1;Tee;2;4,50;900;03.01.2024;7\n2;Tasse;1;12,00;900;03.01.2024;7\n"
            "1;Tee;1;4,50;901;14.02.2024;8\n1;Kanne;1;31,90;902;20.02.2024;7\n"
        },
        *("orders", 4, 2, 57.4, ("2024-01-03", "2024-02-20")),
    ),
    "French, with and without tax": Layout(
        {
            "a.csv": "N° commande;Date;Client;Total HT;TVA;Total TTC\n"
            "C1;13/01/2024;7;100,00;20,00;120,00\nC2;14/02/2024;8;50,00;10,00;60,00\n"
            "C3;01/03/2024;7;10,00;2,00;12,00\n"
        },
        *("orders", 3, 2, 160.0, ("2024-01-13", "2024-03-01")),
    ),
    "Spanish, e-mail as the customer": Layout(
        {
            "a.csv": "Fecha,Pedido,Correo electrónico,Importe,Estado\n"
            "2024-01-03 10:00,P1,a@x.es,20.50,Entregado\n2024-01-09 11:00,P2,b@x.es,30,Cancelado\n"
            "2024-02-03 12:00,P3,A@x.es,5,Entregado\n"
        },
        *("orders", 3, 2, 55.5, ("2024-01-03", "2024-02-03")),
    ),
    "Portuguese, subtotal and total": Layout(
        {
            "a.csv": "Número do pedido;Data;E-mail;Subtotal;Frete;Total;Situação\n"
            "1;31/01/2024;a@x.pt;1.020,00;5,00;1.025,00;Pago\n"
            "2;01/02/2024;b@x.pt;30,00;5,00;35,00;Pendente\n"
            "3;05/02/2024;a@x.pt;10,50;5,00;15,50;Pago\n"
        },
        *("orders", 3, 2, 1060.5, ("2024-01-31", "2024-02-05")),
    ),
    "Italian, taxable amount": Layout(
        {
            "a.csv": "Data ordine,Numero ordine,Cliente,Imponibile,IVA,Totale\n"
            "2024-03-01,11,C7,10.00,2.20,12.20\n2024-03-02,12,C8,20.00,4.40,24.40\n"
            "2024-04-02,13,C7,30.00,6.60,36.60\n"
        },
        *("orders", 3, 2, 60.0, ("2024-03-01", "2024-04-02")),
    ),
    "Polish, net and gross": Layout(
        {
            "a.csv": "Numer zamówienia;Data złożenia;Klient;Wartość netto;Wartość brutto;Waluta\n"
            "1;2024-01-03 08:15;k1;100,50;123,62;PLN\n2;2024-01-04 09:00;k2;50,00;61,50;PLN\n"
            "3;2024-02-04 09:00;k1;10,00;12,30;PLN\n"
        },
        *("orders", 3, 2, 160.5, ("2024-01-03", "2024-02-04")),
    ),
    "Dutch, without tax": Layout(
        {
            "a.csv": "Ordernummer,Besteldatum,Klantnummer,Bedrag excl. btw,Verzendkosten\n"
            "N1,2024-01-03,5,12.50,4.95\nN2,2024-01-04,6,20.00,4.95\nN3,2024-01-05,5,7.00,4.95\n"
        },
        *("orders", 3, 2, 39.5, ("2024-01-03", "2024-01-05")),
    ),
    "Turkish, points in days and commas in money": Layout(
        {
            "a.csv": "Sipariş No;Tarih;Müşteri No;Ara Toplam;Kargo;Toplam;Durum\n"
            "1;15.01.2024 10:30;m1;1.250,00;30,00;1.280,00;Tamamlandı\n"
            "2;16.01.2024 11:30;m2;99,90;30,00;129,90;İptal edildi\n"
            "3;16.03.2024 11:30;m1;10,00;30,00;40,00;Tamamlandı\n"
        },
        *("orders", 3, 2, 1359.9, ("2024-01-15", "2024-03-16")),
    ),
    "Russian, goods and delivery": Layout(
        {
            "a.csv": "Номер заказа;Дата;Email покупателя;Сумма товаров;Стоимость доставки;Итого;"
            "Статус\n"
            "1;03.01.2024;a@x.ru;1500,00;300,00;1800,00;Выполнен\n"
            "2;25.01.2024;b@x.ru;700,50;300,00;1000,50;Отменен\n"
            "3;26.02.2024;a@x.ru;99,50;300,00;399,50;Выполнен\n"
        },
        *("orders", 3, 2, 2300.0, ("2024-01-03", "2024-02-26")),
    ),
    "JSON lines, objects within": Layout(
        {
            "a.jsonl": '{"ref": "A1", "placed": 1704450000000, "buyer": {"uid": "u1", "mail":'
            ' "a@x.com"}, "pricing": {"net": 12.5, "gross": 15.0}}\n'
            '{"ref": "A2", "placed": 1704550000000, "buyer": {"uid": "u2", "mail": "b@x.com"},'
            ' "pricing": {"net": 20.0, "gross": 24.0}}\n'
            '{"ref": "A3", "placed": 1707450000000, "buyer": {"uid": "u1", "mail": "a@x.com"},'
            ' "pricing": {"net": 10.0, "gross": 12.0}}\n'
        },
        *("orders", 3, 2, 42.5, ("2024-01-05", "2024-02-09")),
    ),
    "pence": Layout(
        {
            "a.csv": "receipt,till,sold_at,member,amount_pence\nR1,1,2024-01-03T10:00:00Z,m1,1250\n"
            "R2,1,2024-01-03T11:00:00Z,m2,300\nR3,2,2024-01-05T11:00:00Z,m1,4999\n"
        },
        *("orders", 3, 2, 65.49, ("2024-01-03", "2024-01-05")),
    ),
    "American days, dollars": Layout(
        {
            "a.csv": "Order Date,Order Number,Customer Email,Net Sales,Sales Tax\n"
            '1/25/2024 3:04 PM,S1,a@x.com,"$1,200.50",$96.04\n'
            "2/3/2024 9:10 AM,S2,b@x.com,$20.00,$1.60\n2/13/2024 9:10 AM,S3,a@x.com,$5.25,$0.42\n"
        },
        *("orders", 3, 2, 1225.75, ("2024-01-25", "2024-02-13")),
    ),
    "day or month first": Layout(
        {
            "a.csv": "order,buyer,placed,net amount\n1,x,05/06/2024,10\n2,y,07/06/2024,20\n"
            "3,x,08/07/2024,30\n"
        },
        *("orders", 3, 2, 60.0, ("2024-05-06", "2024-08-07"), ("timestamp_format",)),
    ),
    "no header": Layout(
        {"a.csv": "7,20240103,12.50\n8,20240104,20.00\n7,20240210,5.25\n7,20240303,1.25\n"},
        *("orders", 4, 2, 39.0, ("2024-01-03", "2024-03-03"), ("columns.amount",)),
    ),
    "titles above the header": Layout(
        {
            "a.csv": "Sales report\nShop: Main Street\n\nDay,Order,Customer ID,Net total\n"
            "2024-01-03,1,7,12.00\n2024-01-04,2,8,13.00\n2024-01-05,3,7,14.00\n"
        },
        *("orders", 3, 2, 39.0, ("2024-01-03", "2024-01-05")),
    ),
    "German events": Layout(
        {
            "a.csv": "Zeitpunkt;Ereignis;Nutzer;Seite\n2024-01-03 10:00:00;Ansicht;u1;/a\n"
            "2024-01-03 10:01:00;Warenkorb;u1;/b\n2024-01-04 10:00:00;Ansicht;u2;/a\n"
            "2024-01-05 10:00:00;Ansicht;u1;/a\n"
        },
        *("events", 4, 2, None, ("2024-01-03", "2024-01-05")),
    ),
    "visits": Layout(
        {
            "a.csv": "visit id,visitor,user,visit start,visit end,utm_source,pages\n"
            "1,v1,u1,2024-01-03 10:00,2024-01-03 10:20,google,3\n"
            "2,v2,,2024-01-03 11:00,2024-01-03 11:10,direct,1\n"
            "3,v1,u1,2024-01-09 11:00,2024-01-09 11:10,direct,5\n"
        },
        *("sessions", 3, 1, None, ("2024-01-03", "2024-01-09")),
    ),
    "French customers": Layout(
        {
            "a.csv": "Identifiant client;Prénom;Nom;Courriel;Date d'inscription;Pays\n"
            "7;Ann;Lee;ann@x.fr;2023-12-01;FR\n8;Bob;Ray;bob@x.fr;2023-12-05;BE\n"
        },
        *("customers", 2, 2, None, ("2023-12-01", "2023-12-05")),
    ),
    "contracts": Layout(
        {
            "a.csv": "contract,subscriber,plan,monthly fee,begins,ends\n"
            "K1,s1,Basic,10.00,2024-01-01,2024-04-01\nK2,s2,Plus,20.00,2024-01-15,\n"
            "K1,s1,Plus,20.00,2024-04-01,\n"
        },
        *("subscriptions", 3, 2, 50.0, ("2024-01-01", "2024-04-01")),
    ),
    "returns": Layout(
        {
            "a.csv": "return no,order no,returned on,refund amount,reason\n"
            "R1,11,2024-01-09,5.00,broken\nR2,12,2024-01-19,7.50,late\n"
        },
        *("refunds", 2, None, 12.5, ("2024-01-09", "2024-01-19")),
    ),
    "German advertising": Layout(
        {
            "a.csv": "Datum;Netzwerk;Kampagne;Kosten;Klicks;Impressionen\n"
            "03.01.2024;google;Marke;1.012,50;300;10000\n04.01.2024;meta;Neu;13,50;31;1100\n"
            "15.01.2024;meta;Neu;4,00;3;900\n"
        },
        *("marketing_spend", 3, None, 1030.0, ("2024-01-03", "2024-01-15")),
    ),
    "a customer id that differs in every row": Layout(
        {
            "a.csv": "order_ref,customer_no,mail,order_time,net\n1,k1,a@x.com,2024-01-03 10:00,5\n"
            "2,k2,b@x.com,2024-01-04 10:00,6\n3,k3,a@x.com,2024-01-05 10:00,7\n"
            "4,k4,a@x.com,2024-01-06 10:00,8\n"
        },
        *("orders", 4, 2, 26.0, ("2024-01-03", "2024-01-06")),
    ),
    "the order's total on each of its lines": Layout(
        {
            "a.csv": "order,ordered,client,sku,qty,order total net\n1,2024-01-03,7,A,2,25.00\n"
            "1,2024-01-03,7,B,1,25.00\n2,2024-01-04,8,A,1,8.00\n3,2024-01-05,7,A,1,40.00\n"
            "3,2024-01-05,7,C,4,40.00\n3,2024-01-05,7,D,2,40.00\n"
        },
        *("orders", 6, 2, 73.0, ("2024-01-03", "2024-01-05")),
    ),
    "several currencies": Layout(
        {
            "a.csv": "id,date,customer,currency,net amount\n1,2024-01-03,7,EUR,10\n"
            "2,2024-01-04,8,USD,20\n3,2024-01-05,7,EUR,30\n"
        },
        *("orders", 3, 2, 60.0, ("2024-01-03", "2024-01-05"), ("base_currency",)),
    ),
    "heads and lines in two files": Layout(
        {
            "heads.csv": "order_no,customer,placed_at\n1,7,2024-01-03 10:00\n2,8,2024-01-04 10:00\n"
            "3,7,2024-02-04 10:00\n",
            "lines.csv": "order_no,article,quantity,price\n1,A,2,5.00\n1,B,1,3.00\n2,A,1,5.00\n"
            "3,C,4,2.50\n",
        },
        *("orders", 4, 2, 28.0, ("2024-01-03", "2024-02-04")),
    ),
    "blanks between thousands, zł": Layout(
        {
            "a.csv": "Nr;Data;Klient;Kwota netto\nZ1;2024-01-03;k1;1 234,50 zł\n"
            "Z2;2024-01-04;k2;20,00 zł\nZ3;2024-01-05;k1;5,50 zł\n"
        },
        *("orders", 3, 2, 1260.0, ("2024-01-03", "2024-01-05")),
    ),
    "a column for the customer that is empty": Layout(
        {
            "a.csv": "order id,customer,customer phone,date,net total\n1,,0612345678,2024-01-03,5\n"
            "2,,0612345679,2024-01-04,6\n3,,0612345678,2024-01-05,7\n"
        },
        *("orders", 3, 2, 18.0, ("2024-01-03", "2024-01-05")),
    ),
    "a loyalty card": Layout(
        {
            "a.csv": "member,booked at,type,points\nm1,2024-01-03 10:00,accrued,50\n"
            "m1,2024-01-09 10:00,redeemed,20\nm2,2024-01-10 10:00,accrued,30\n"
        },
        *("loyalty_points", 3, 2, 100.0, ("2024-01-03", "2024-01-10")),
    ),
    "a survey": Layout(
        {
            "a.csv": "customer,nps score,answered,comment\nc1,9,2024-01-03 10:00,good\n"
            "c2,3,2024-01-04 10:00,\nc1,10,2024-03-04 10:00,\n"
        },
        *("surveys", 3, 2, None, ("2024-01-03", "2024-03-04")),
    ),
    "a mailing": Layout(
        {
            "a.csv": "recipient email,campaign,event,occurred\n"
            "a@x.com,Spring,sent,2024-03-01 09:00\n"
            "a@x.com,Spring,opened,2024-03-01 10:00\nb@x.com,Spring,sent,2024-03-01 09:00\n"
            "b@x.com,Spring,bounced,2024-03-01 09:01\n"
        },
        *("messages", 4, 2, None, ("2024-03-01", "2024-03-01")),
    ),
}
_MONEY = {"marketing_spend": "cost", "loyalty_points": "points"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_it_is_right_or_asked_for(name: str, tmp_path: Path) -> None:
    layout, shop = LAYOUTS[name], Shop(tmp_path)
    text = propose([shop.write(*file) for file in layout.files.items()], tmp_path)
    (tmp_path / "exports.yml").write_text(text, encoding="utf-8")
    config = shop.read("exports.yml")
    assert list(config.exports) == [layout.table], text
    loaded = shop.load_config(config, layout.table)
    assert (loaded.rows, loaded.rejected) == (layout.rows, 0), text
    for setting in layout.asked:
        assert f"{setting}:" in "".join(line for line in text.splitlines() if "# TODO" in line)
    found = figures(shop, layout, config.exports[layout.table].amount_is_per)
    for setting, right in {
        "columns.customer_id": layout.customers,
        "columns.amount": layout.total,
        "timestamp_format": layout.days,
    }.items():
        if right is not None and found[setting] != right:
            assert f"# TODO exports.{layout.table}.{setting}:" in text, (setting, found, text)


def figures(shop: Shop, layout: Layout, per: str | None) -> dict[str, object]:
    """Customers, money and days of what is loaded."""
    (columns,) = shop.ask(
        "select list(column_name) from duckdb_columns() where schema_name = 'raw'"
        " and table_name = ?",
        layout.table,
    )
    raw, money = f"raw.{layout.table}", _MONEY.get(layout.table, "amount")
    found: dict[str, object] = dict.fromkeys(("columns.customer_id", "columns.amount"))
    if "customer_id" in columns[0]:
        ((found["columns.customer_id"],),) = shop.ask(
            f"select count(distinct customer_id) from {raw}"
        )
    if money in columns[0]:
        table = raw
        if per == "order":
            table = f"(select max(amount) as amount from {raw} group by order_id)"
        ((found["columns.amount"],),) = shop.ask(f"select sum({money})::double from {table}")
    times = {
        "marketing_spend": "spend_date",
        "subscriptions": "start_date",
        "surveys": "answered_at",
    }
    times |= {"orders": "ordered_at", "sessions": "started_at", "refunds": "refunded_at"}
    time = times.get(layout.table, "signed_up_at" if layout.table == "customers" else "occurred_at")
    first, last = shop.ask(
        f"select cast(min({time})::date as varchar), cast(max({time})::date as varchar) from {raw}"
    )[0]
    found["timestamp_format"] = (first, last)
    return found


def test_there_are_thirty() -> None:
    assert len(LAYOUTS) == 30
