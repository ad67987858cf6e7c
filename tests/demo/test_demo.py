"""The demo shop: the same bytes again, every row accounted for, and a truth that can be recounted.

The recount reads the files as a newcomer would, by data/exports.yml and METRICS.md, with pandas and
its time zones; it shares no code with the simulator.
"""

import gzip
import hashlib
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from dagster_project.demo import DemoTruth, ensure, ensure_demo, read_truth, simulate
from dagster_project.demo.draws.clock import avoid_clock_change, to_local, to_utc
from dagster_project.demo.draws.identity import Links
from dagster_project.demo.draws.shop import draw_shop
from dagster_project.demo.draws.visits import PLAIN
from dagster_project.demo.ground_truth import clean_orders
from dagster_project.demo.parameters import DAY, ShopParameters, day_number

EXPORTS = yaml.safe_load(
    (Path(__file__).parents[2] / "data/exports.yml").read_text(encoding="utf-8")
)["exports"]
SMALL = {"seed": 11, "customers": 300, "months": 6}
TINY = {"seed": 1, "customers": 60, "months": 3}
LONDON = "Europe/London"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    folder = tmp_path_factory.mktemp("demo") / "small"
    return folder, simulate(folder, **SMALL)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_export(folder: Path, name: str) -> pd.DataFrame:
    """All rows of an export as text, in our column names, with file, line and delivery date."""
    parts = []
    for path in sorted(folder.glob(Path(EXPORTS[name]["files"]).name)):
        if ".jsonl" in path.name:
            lines = path.read_text(encoding="utf-8").splitlines()
            part = pd.DataFrame([json.loads(line) for line in lines], dtype=str)
            first = 1
        else:
            sep = ";" if name == "customers" else ","
            part = pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False)
            first = 2
        part["file"], part["line"] = path.name, range(first, len(part) + first)
        part["delivered_at"] = path.name.rsplit("_", 1)[1].split(".")[0]
        parts.append(part)
    columns = EXPORTS[name]["columns"].items()
    theirs_to_ours = {theirs: ours for ours, theirs in columns if isinstance(theirs, str)}
    return pd.concat(parts, ignore_index=True).rename(columns=theirs_to_ours).fillna("")


def usable(rows: pd.DataFrame, key: str, moment: str, zone: str | None) -> pd.DataFrame:
    """Readable rows not from the future, one per key: the newest. `at` is the moment in London."""
    if zone:
        # an hour that does not exist or exists twice would raise here
        at = pd.to_datetime(rows[moment], errors="coerce").dt.tz_localize(zone)
    else:
        at = pd.to_datetime(rows[moment], errors="coerce", utc=True, format="ISO8601")
    rows = rows.assign(at=at.dt.tz_convert(LONDON))
    rows = rows[rows["at"].notna()]
    if "amount" in rows:
        rows = rows[pd.to_numeric(rows["amount"], errors="coerce").notna()]
    latest = pd.to_datetime(rows["delivered_at"]) + pd.Timedelta(days=1)
    rows = rows[rows["at"].dt.tz_localize(None).dt.normalize() <= latest]
    newest = [column for column in ("updated_at", "delivered_at") if column in rows]
    return rows.sort_values(newest, kind="stable").drop_duplicates(key, keep="last")


class Recount:
    """The warehouse's answer in plain Python."""

    def __init__(self, folder: Path) -> None:
        orders = usable(read_export(folder, "orders"), "order_id", "ordered_at", LONDON)
        status_map = EXPORTS["orders"]["status_map"]
        status = orders["status"].str.lower().map(status_map)
        self.orders = orders.assign(status=status)[status.notna()]
        self.sessions = usable(read_export(folder, "sessions"), "session_id", "started_at", None)
        self.events = usable(read_export(folder, "events"), "event_id", "occurred_at", None)
        customers = read_export(folder, "customers")
        self.test = set(customers[customers["Account Type"] == "test"]["customer_id"])
        self.links = self.links_of(self.orders, self.sessions, self.events)

    @staticmethod
    def links_of(*exports: pd.DataFrame) -> dict[str, list[tuple[pd.Timestamp, str]]]:
        links = defaultdict(list)
        for rows in exports:
            both = rows[(rows["anonymous_id"] != "") & (rows["customer_id"] != "")]
            for visitor, customer, at in zip(
                both["anonymous_id"], both["customer_id"], both["at"], strict=True
            ):
                links[visitor].append((at, customer))
        return {visitor: sorted(found) for visitor, found in links.items()}

    def owners(self, rows: pd.DataFrame, links=None) -> list[str]:
        links = self.links if links is None else links
        owners = []
        for customer, visitor, at in zip(
            rows["customer_id"], rows["anonymous_id"], rows["at"], strict=True
        ):
            known = links.get(visitor, [])
            before = bisect_right([moment for moment, _ in known], at)
            linked = known[max(before - 1, 0)][1] if known else ""
            owners.append(customer or linked)
        return owners

    def order_values(self) -> tuple[dict[str, list], dict[str, int]]:
        """Counted orders as [owner, day, currency, net pence]; refunds that find no order."""
        rows = self.orders.assign(owner=self.owners(self.orders)).sort_values("at")
        rows = rows[~rows["owner"].isin(self.test)]
        orders, by_owner, orphans = {}, defaultdict(list), Counter()
        pence = [round(float(amount) * 100) for amount in rows["amount"]]
        entries = list(
            zip(
                rows["order_id"], rows["owner"], rows["at"], rows["currency"], rows["status"],
                pence, strict=True,
            )
        )  # fmt: skip
        for order_id, owner, at, currency, status, amount in entries:
            if status in ("counted", "refunded") and amount >= 0:
                net = 0 if status == "refunded" else amount
                orders[order_id] = [owner, at.date().isoformat(), currency, net]
                if owner:
                    by_owner[owner].append((at, order_id))
        for _, owner, at, currency, _, amount in entries:
            if amount < 0 and not (theirs := by_owner.get(owner)):
                orphans[currency] += amount
            elif amount < 0:
                place = bisect_right([moment for moment, _ in theirs], at)
                orders[theirs[max(place - 1, 0)][1]][3] += amount
        return orders, orphans


@pytest.fixture(scope="module")
def recount(small: tuple[Path, DemoTruth]) -> Recount:
    return Recount(small[0])


def test_the_same_seed_writes_the_same_bytes(small, tmp_path):
    simulate(tmp_path / "again", **SMALL)
    assert contents(tmp_path / "again") == contents(small[0])
    simulate(tmp_path / "other", **{**SMALL, "seed": 12})
    assert contents(tmp_path / "other") != contents(small[0])


@pytest.mark.parametrize("export", ["orders", "sessions", "events", "customers"])
def test_every_row_is_accounted_for(small, export):
    folder, truth = small
    rows, counts = read_export(folder, export), dict(truth.exports[export])
    assert len(rows) == counts.pop("rows_in_files")
    counts.pop("late_rows")  # of the clean ones
    assert len(rows) == sum(counts.values())

    key = {"orders": "order_id", "sessions": "session_id", "events": "event_id"}
    key = key.get(export, "customer_id")
    garbled = pd.DataFrame([g for g in truth.garbled if g["export"] == export])
    found = rows.merge(garbled, on=["file", "line"], suffixes=("", "_recorded"))
    assert list(found[key]) == list(found["key"])
    assert len(found) == len(garbled)
    for kind, count in garbled["kind"].value_counts().items():
        assert counts[f"{kind}_rows"] == count
    clean = rows[~rows[key].isin(garbled["key"])]
    assert clean[key].nunique() == counts["clean_rows"]
    data = clean.drop(columns=["file", "line", "delivered_at"])
    repeated = counts["repeated_rows"] + counts["stale_repeat_rows"]
    assert len(data.drop_duplicates()) == len(data) - repeated


def test_every_kind_of_mess_occurs(small):
    _, truth = small
    orders, customers = truth.exports["orders"], truth.exports["customers"]
    assert all(count > 0 for count in orders.values())
    assert customers["superseded_rows"] > 0
    assert customers["repeated_rows"] > 0
    for name in ("late_rows", "repeated_rows", "future_rows", "unreadable_date_rows"):
        assert truth.exports["sessions"][name] > 0
        assert truth.exports["events"][name] > 0
    for name in ("test_customers", "guest_orders_linked", "guest_orders_unlinked"):
        assert truth.rows[name] > 0
    assert truth.totals["refund_rows_of_customers_without_order"] > 0


def test_the_last_business_day_is_found_without_the_future_rows(small, recount):
    _, truth = small
    exports = (recount.orders, recount.sessions, recount.events)
    last = max(rows["at"].max() for rows in exports)
    assert truth.as_of_date == last.date().isoformat()
    assert last.date() <= date(2023, 6, 30)


def test_each_order_has_the_recounted_owner_day_and_amount(small, recount):
    folder, truth = small
    expected, orphans = recount.order_values()
    with gzip.open(folder / "truth/orders.csv.gz", "rt") as file:
        header, *lines = file.read().splitlines()
    assert header == "order_id,customer_id,ordered_date,currency,net_amount"
    found = {}
    for line in lines:
        order_id, *values, amount = line.split(",")
        found[order_id] = [*values, round(float(amount) * 100)]
    assert found == expected

    totals = truth.totals
    assert totals["counted_orders"] == len(expected)
    owners = {owner for owner, *_ in expected.values()}
    assert totals["customers_with_orders"] == len(owners - {""})
    for name, is_ours in (("with", True), ("without", False)):
        for currency, revenue in totals[f"net_revenue_{name}_customer"].items():
            mine = [v for v in expected.values() if bool(v[0]) == is_ours and v[2] == currency]
            assert round(revenue * 100) == sum(net for *_, net in mine)
    for currency, amount in totals["refunds_of_customers_without_order"].items():
        assert round(amount * 100) == orphans[currency]


def test_the_cohorts_are_the_recounted_ones(small, recount):
    _, truth = small
    orders, _ = recount.order_values()
    months = [str(month) for month in pd.period_range("2023-01", periods=6, freq="M")]
    first: dict[str, str] = {}
    active, revenue = defaultdict(set), Counter()
    for owner, day, currency, net in orders.values():
        first[owner] = min(first.get(owner, "9"), day[:7])
        active[owner].add(day[:7])
        revenue[owner, day[:7], currency] += net
    del first[""]
    assert [row["cohort_month"][:7] for row in truth.cohorts] == months
    for start, row in enumerate(truth.cohorts):
        members = [owner for owner, month in first.items() if month == months[start]]
        assert row["cohort_size"] == len(members)
        for age, month in enumerate(months[start:]):
            assert row["retained"][age] == sum(month in active[owner] for owner in members)
            later = sum(max(active[owner]) >= month for owner in members)
            assert row["retained_on_or_after"][age] == later
            for currency, values in row["revenue"].items():
                cell = sum(revenue[owner, month, currency] for owner in members)
                assert round(values[age] * 100) == cell
    for currency, total in truth.totals["net_revenue_with_customer"].items():
        for view in ("revenue", "revenue_cash"):
            cells = sum(sum(row[view][currency]) for row in truth.cohorts)
            assert cells == pytest.approx(total, abs=0.005)


def test_the_daily_active_customers_are_the_recounted_ones(small, recount):
    _, truth = small
    sessions = recount.sessions.assign(owner=recount.owners(recount.sessions))
    day = sessions["at"].dt.date.astype(str)
    ours = (sessions["owner"] != "") & ~sessions["owner"].isin(recount.test)
    customers = sessions[ours].groupby(day[ours])["owner"].nunique()
    nobody = (sessions["owner"] == "") & (sessions["anonymous_id"] != "")
    visitors = sessions[nobody].groupby(day[nobody])["anonymous_id"].nunique()
    assert len(truth.daily_active_customers) == 181
    assert {d: n for d, n in truth.daily_active_customers.items() if n} == customers.to_dict()
    assert {d: n for d, n in truth.daily_anonymous_visitors.items() if n} == visitors.to_dict()


def test_no_answer_hangs_on_whether_failed_orders_link(recount):
    """METRICS.md does not say if a cancelled order is a link: the demo must not ask."""
    paid = recount.orders[recount.orders["status"].isin(["counted", "refunded"])]
    without = recount.links_of(paid, recount.sessions, recount.events)
    for rows in (recount.orders, recount.sessions, recount.events):
        assert recount.owners(rows) == recount.owners(rows, without)


def test_the_shop_behaves_as_its_parameters_say():
    shop = draw_shop(parameters := ShopParameters())
    people, sessions = shop.people, shop.sessions
    real = ~people.is_test
    first = people.arrived_at // DAY + 1
    last = np.minimum(shop.alive_until.astype(int), parameters.end_day - 1)
    days = np.maximum(last - first + 1, 0)
    plain = (sessions.kind == PLAIN) & (sessions.person >= 0)
    person, day = sessions.person[plain], to_local(sessions.started_at[plain]) // DAY
    visits = {(p, d) for p, d in zip(person, day, strict=True) if real[p] and d >= first[p]}
    expected = (days * people.visit_probability)[real].sum()
    assert len(visits) == pytest.approx(expected, rel=0.02)

    clean = clean_orders(shop, shop.links())
    leavers = np.isfinite(people.first_order) & (shop.alive_until < parameters.end_day)
    bought = shop.orders.person >= 0
    purchases = np.bincount(shop.orders.person[bought & (shop.orders.status < 2)])
    chances = (purchases * people.dropout).sum()
    assert leavers.sum() == pytest.approx(chances, rel=0.05)
    spent = np.bincount(clean.owner[clean.owner >= 0], clean.net[clean.owner >= 0], len(people))
    buyers = np.unique(clean.owner[clean.owner >= 0])
    loyal = people.is_loyal[buyers]
    assert 2.5 < spent[buyers[loyal]].mean() / spent[buyers[~loyal]].mean() < 3.5


def test_an_anonymous_id_belongs_to_its_last_login_else_to_its_first():
    # visitor 5: customer 2 at 100, customers 9 and 3 at 200
    links = Links.of(np.array([5, 5, 5, 6]), np.array([2, 9, 3, -1]), np.array([100, 200, 200, 50]))
    visitor, customer = np.array([5, 5, 5, 5, 6, -1]), np.array([-1, -1, -1, 7, -1, -1])
    owner = links.owner(visitor, customer, np.array([1, 150, 200, 300, 60, 10]))
    assert owner.tolist() == [2, 2, 3, 7, -1, -1]


def test_the_clock_is_that_of_europe_london():
    quarter_hours = np.arange(day_number(date(2022, 1, 1)), day_number(date(2026, 1, 1))) * DAY
    utc = (quarter_hours[:, None] + np.arange(0, DAY, 900)).ravel()
    zoned = pd.to_datetime(utc, unit="s", utc=True).tz_convert(LONDON).tz_localize(None)
    assert (to_local(utc) == zoned.as_unit("s").astype("int64")).all()
    local = avoid_clock_change(utc)
    back = pd.to_datetime(local, unit="s").tz_localize(LONDON).tz_convert("UTC")
    assert (to_utc(local) == back.tz_localize(None).as_unit("s").astype("int64")).all()


def test_nobody_is_written_to_who_is_held_out_or_did_not_agree(small):
    folder, _ = small
    messages = pd.concat(
        [pd.read_csv(path) for path in sorted(folder.glob("messages_*.csv"))], ignore_index=True
    )
    customers = pd.read_csv(folder / "crm_2023-07-01.csv", sep=";").set_index("Client ID")
    audiences = {"renewal_due", "win_back"}
    sent = messages[(messages["event"] == "sent") & messages["campaign"].isin(audiences)]
    assert set(sent["campaign"]) == audiences
    told = zip(sent["campaign"], sent["user_id"], sent["medium"], strict=True)
    for audience, customer, way in told:
        digits = hashlib.md5(f"{audience}|{customer}".encode()).hexdigest()[:6]
        assert int(digits, 16) >= 0.2 * 16**6
        column = {"e-mail": "Mail OK", "push": "Push OK", "sms": "SMS OK"}[way]
        assert customers.loc[customer, column] == "yes"


def test_subscriptions_of_the_older_list_only_gain_an_end(small):
    folder, _ = small
    key = ["Subscription No", "Start Date"]
    older, latest = (
        pd.read_csv(folder / f"subscriptions_{day}.csv").set_index(key)
        for day in ("2023-04-01", "2023-07-01")
    )
    then = latest.loc[older.index]
    same = ["Client ID", "Plan", "Billing Months", "Price"]
    pd.testing.assert_frame_equal(older[same], then[same])
    gained = older["End Date"].isna() & then["End Date"].notna()
    assert gained.sum() > 0
    assert (older["End Date"].isna() | (older["End Date"] == then["End Date"])).all()
    assert (then.loc[gained, "End Date"] >= "2023-04-01").all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"starts_on": date(2023, 1, 2)}, "first of a month"),
        ({"months": 2}, "at least 3"),
        ({"customers": 10}, "at least 50"),
    ],
)
def test_impossible_shops_are_refused_before_anything_is_written(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(tmp_path / "demo", **arguments)
    assert not (tmp_path / "demo").exists()


def test_ensure_demo_writes_once_and_again_for_another_seed(tmp_path):
    out = tmp_path / "exports" / "demo"
    truth = ensure_demo(out, **TINY)
    assert read_truth(out) == truth
    assert sorted(truth.files) == sorted(p.name for p in out.iterdir() if p.is_file())
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert ensure_demo(out, **TINY) == truth
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == written

    other = ensure_demo(out, **{**TINY, "seed": 2})
    assert other.parameters["seed"] == 2
    assert read_truth(out) == other
    assert [path.name for path in out.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize("there_before", [False, True])
def test_a_failed_run_leaves_what_was_there(tmp_path, monkeypatch, there_before):
    out = tmp_path / "demo"
    if there_before:
        ensure_demo(out, **TINY)
    before = contents(tmp_path)

    def dies_half_way(folder: Path, **_: object) -> DemoTruth:
        folder.mkdir(parents=True)
        (folder / "orders_2023-02-01.csv").write_text("Order No\n", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(ensure, "simulate", dies_half_way)
    with pytest.raises(KeyboardInterrupt):
        ensure_demo(out, **{**TINY, "seed": 3})
    assert contents(tmp_path) == before
    assert out.exists() == there_before


def test_ensure_demo_does_not_delete_other_peoples_files(tmp_path):
    out = tmp_path / "demo"
    ensure_demo(out, **TINY)
    (out / "orders_2030-01-01.csv").write_text("mine", encoding="utf-8")
    assert ensure_demo(out, **TINY).parameters["seed"] == 1
    with pytest.raises(ValueError, match=r"orders_2030-01-01\.csv"):
        ensure_demo(out, **{**TINY, "seed": 2})
    assert (out / "orders_2030-01-01.csv").read_text(encoding="utf-8") == "mine"


MARKETING = ("marketing_spend", "messages", "surveys", "loyalty_points", "referrals", "coupons")


@pytest.mark.parametrize("export", MARKETING)
def test_the_crm_speaks_of_known_people_in_the_time_of_the_data(small, export):
    folder, truth = small
    rows = read_export(folder, export)
    counts = truth.exports[export]
    assert len(rows) == counts["rows_in_files"] == counts["clean_rows"] > 0
    customers = read_export(folder, "customers")
    real = set(customers[customers["Account Type"] == "customer"]["customer_id"]) | {""}
    for column in ("customer_id", "referrer_id", "invited_customer_id"):
        assert column not in rows or set(rows[column]) <= real
    moments = {"marketing_spend": "spend_date", "surveys": "answered_at", "coupons": "redeemed_at"}
    moment = moments.get(export, "invited_at" if export == "referrals" else "occurred_at")
    days = pd.to_datetime(rows[moment], utc=True, format="ISO8601").dt.tz_convert(LONDON).dt.date
    assert date(2022, 12, 1) < days.min()
    assert days.max() <= date(2023, 6, 30)


def test_points_and_coupons_belong_to_paid_orders_of_their_customer(small, recount):
    folder, _ = small
    paid = recount.orders[recount.orders["status"].isin(["counted", "refunded"])]
    owner = dict(zip(paid["order_id"], paid["customer_id"], strict=True))
    for export in ("loyalty_points", "coupons"):
        rows = read_export(folder, export)
        named = rows[rows["order_id"] != ""]
        assert [owner[order] for order in named["order_id"]] == list(named["customer_id"])
    balance = Counter()
    points = read_export(folder, "loyalty_points").sort_values("occurred_at", kind="stable")
    for customer, moved in zip(points["customer_id"], points["points"].astype(int), strict=True):
        balance[customer] += moved
        assert balance[customer] >= 0


def test_few_buy_where_the_page_is_broken_and_few_click_on_the_bad_ad(small):
    folder, truth = small
    page, ad = truth.crm["failing_ads"]
    assert (page["diagnosis"], ad["diagnosis"]) == ("landing page", "ad")
    spend = read_export(folder, "marketing_spend")
    spend = spend.astype({"clicks": int, "impressions": int})
    is_bad = (spend["source"] == ad["source"]) & (spend["campaign"] == ad["campaign"])
    is_bad &= (spend["spend_date"].str[:7] + "-01").isin(ad["months"])
    same = spend[spend["source"] == ad["source"]]
    rates = same.groupby(is_bad)["clicks"].sum() / same.groupby(is_bad)["impressions"].sum()
    assert rates[True] < rates[False] / 2
