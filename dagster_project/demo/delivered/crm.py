"""The CRM's customer list, in full, as it stood at two moments."""

from __future__ import annotations

import numpy as np

from dagster_project.demo.delivered.rows import Export, customer_ids, pick, to_utc_text
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import COUNTRIES, DAY, SOURCES, day_number

FIRST_NAMES = ("Ada", "Ben", "Chloe", "Dev", "Ewa", "Finn", "Grace", "Hugo", "Iris", "Jonas")
LAST_NAMES = ("Ashby", "Brandt", "Costa", "Doyle", "Evans", "Fischer", "Garnier", "Hale")
CHANGED_SHARE = 0.3  # of the customers on both lists


def crm_export(shop: Shop) -> tuple[Export, Export]:
    """The latest list of customers, and the older one with only those who had signed up by then.

    A customer changed in between has another e-mail address, other consents, sometimes another
    country, and an older `Modified` on the older list. All e-mail addresses and phone numbers are
    reserved for fiction.
    """
    parameters, people, rng = shop.parameters, shop.people, shop.parameters.rng(7)
    count = len(people)
    older_date = parameters.month_start(parameters.months // 2)
    latest_date = parameters.month_start(parameters.months)
    cut, end = day_number(older_date) * DAY, parameters.end_day * DAY

    modified = np.minimum(people.signed_up_at + 60, end - 1)
    on_both = np.flatnonzero(people.signed_up_at < cut - DAY)
    changed = np.sort(rng.choice(on_both, round(on_both.size * CHANGED_SHARE), replace=False))
    modified_late = modified.copy()
    change_days = rng.integers(cut // DAY, end // DAY, changed.size)
    modified_late[changed] = change_days * DAY + 12 * 3600  # noon: no clock change then

    ids = customer_ids(np.arange(count))
    first = pick(FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), count))
    last = pick(LAST_NAMES, rng.integers(0, len(LAST_NAMES), count))
    oldest, youngest = (parameters.first_day - years * 365 for years in (70, 18))
    born = rng.integers(oldest, youngest, count)
    consents = [pick(("no", "yes"), rng.integers(0, 2, count)) for _ in range(3)]
    country = pick(COUNTRIES, people.country)
    columns = {
        "Client ID": ids,
        "Created": to_utc_text(people.signed_up_at),
        "E-mail": [f"{i.lower()}@example.com" for i in ids],
        "Mobile": [f"+44 7700 900{n:03d}" for n in rng.integers(0, 1000, count).tolist()],
        "Full Name": [f"{b}, {a}" for a, b in zip(first, last, strict=True)],
        "Country Code": country,
        "First Touch": pick(SOURCES, people.source),
        "Tier": pick(("standard", "loyal"), people.is_loyal.astype(np.int64)),
        "Mail OK": consents[0],
        "SMS OK": consents[1],
        "Push OK": consents[2],
        "Account Type": pick(("customer", "test"), people.is_test.astype(np.int64)),
        "Born": np.datetime_as_string(born.astype("datetime64[D]")).tolist(),
        "Modified": to_utc_text(modified_late),
    }
    latest = Export(
        name="customers",
        file_name="crm_{day}.csv",
        joiner=";",
        header=";".join(columns),
        columns=columns,
        key="Client ID",
        period=np.ones(count, dtype=np.int64),
        day=people.signed_up_at // DAY,
        deliveries=[older_date, latest_date],
    )

    old = {name: list(values) for name, values in columns.items()}
    was = to_utc_text(modified)
    moved = rng.random(count) < 0.2
    for row in changed.tolist():
        old["E-mail"][row] = f"{ids[row].lower()}@old.example.com"
        old["Mail OK"][row] = "yes" if old["Mail OK"][row] == "no" else "no"
        old["Modified"][row] = was[row]
        if moved[row]:
            old["Country Code"][row] = "IE" if country[row] == "GB" else "GB"
    older = Export(
        name="customers",
        file_name=latest.file_name,
        joiner=";",
        header=latest.header,
        columns={name: [values[i] for i in on_both.tolist()] for name, values in old.items()},
        key="Client ID",
        period=np.zeros(on_both.size, dtype=np.int64),
        day=latest.day[on_both],
        deliveries=latest.deliveries,
    )
    return latest, older
