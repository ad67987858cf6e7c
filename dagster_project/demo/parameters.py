"""Every number the simulated shop is drawn from, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

DEMO_VERSION = 4  # raise it when the same seed would write other bytes

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

DAY = 86_400  # seconds
NOBODY = -1  # a row without customer, without visitor id, or without session

COUNTRIES = ("GB", "IE", "DE", "FR", "US")
COUNTRY_SHARES = (0.70, 0.08, 0.08, 0.07, 0.07)
CURRENCIES = ("GBP", "EUR", "USD")
CURRENCY_OF_COUNTRY = (0, 1, 1, 1, 2)  # index into CURRENCIES, by country
SOURCES = ("organic", "google_ads", "instagram", "newsletter", "referral", "direct")
SOURCE_SHARES = (0.28, 0.24, 0.18, 0.10, 0.08, 0.12)
FIRST_ORDER_SHARES = (0.84, 0.80, 0.68, 0.90, 0.92, 0.86)  # who ever orders, by source
DEVICES = ("desktop", "mobile_web", "app")
DEVICE_SHARES = (0.40, 0.42, 0.18)


@dataclass(frozen=True)
class ShopParameters:
    """What the shop is drawn from. Rates are per day, money is in major units, shares are 0-1.

    Purchases follow MBG/NBD (Batislam, Denizel & Filiztekin 2007): while alive, exponential gaps
    at rate ~ Gamma(rate_shape, rate_scale_days); after each purchase, the first included, the
    customer leaves with probability ~ Beta(dropout_a, dropout_b). Amounts follow Gamma-Gamma
    (Fader, Hardie & Lee 2005): z ~ Gamma(amount_p, nu), nu ~ Gamma(amount_q, amount_gamma), times
    `loyal_multiple` for the loyal.
    """

    seed: int = 7
    customers: int = 5000
    starts_on: date = date(2023, 1, 1)
    months: int = 24

    test_customers: int = 8  # on top of `customers`
    season: float = 0.35  # acquisition is 1 + season in early December, 1 - season in June
    immediate_sign_up_share: float = 0.5  # the others sign up days after the first visit
    sign_up_delay_days: float = 4.0  # mean
    first_order_delay_days: float = 8.0  # mean, from sign-up
    guest_first_share: float = 0.08  # of buyers: first order as a guest, sign-up afterwards
    guest_first_delay_days: float = 10.0  # mean, from first order to sign-up
    browsing_days: float = 45.0  # mean lifetime of those who never order

    rate_shape: float = 0.9
    rate_scale_days: float = 27.0
    dropout_a: float = 1.4
    dropout_b: float = 5.6
    visit_a: float = 2.0  # daily visit probability ~ Beta(visit_a, visit_b), while alive
    visit_b: float = 18.0
    second_visit_share: float = 0.10  # of visit days

    amount_p: float = 6.25
    amount_q: float = 3.74
    amount_gamma: float = 15.44
    loyal_share: float = 0.10
    loyal_multiple: float = 3.0
    welcome_coupon_share: float = 0.25  # of first orders, 10 % off
    other_coupon_share: float = 0.04  # of later orders, 5 % off

    store_share: float = 0.10  # orders with neither session nor visitor id
    refunded_share: float = 0.01  # whole order, status `refunded`
    refund_row_share: float = 0.04  # orders followed by a negative row of its own
    cancelled_share: float = 0.03  # extra attempts, per order
    pending_share: float = 0.01  # extra attempts, per order
    own_guest_share: float = 0.02  # a known customer's orders without login
    stranger_share: float = 0.03  # guest orders by people without an account, per order

    login_share: float = 0.60  # sessions after sign-up that carry the customer id
    anonymous_visitors_per_customer: float = 1.6
    no_id_share: float = 0.015  # sessions with neither id
    shared_devices_per_customer: float = 0.008

    late_share: float = 0.01
    corrected_share: float = 0.02
    unreadable_share: float = 0.001
    future_rows: int = 5
    overlap_days: int = 2  # the last days of a period come again in the next delivery

    def __post_init__(self) -> None:
        if self.starts_on.day != 1:
            raise ValueError(f"starts_on must be the first of a month, not {self.starts_on}")
        if self.months < 3:
            raise ValueError(f"months must be at least 3, not {self.months}")
        if self.customers < 50:
            raise ValueError(f"customers must be at least 50, not {self.customers}")

    @property
    def people(self) -> int:
        """Customers and test customers together."""
        return self.customers + self.test_customers

    @property
    def first_day(self) -> int:
        """First day of the data, in days since 1970-01-01."""
        return day_number(self.starts_on)

    @property
    def end_day(self) -> int:
        """The day after the last day of the data, in days since 1970-01-01."""
        return day_number(self.month_start(self.months))

    def month_start(self, month: int) -> date:
        """First day of the month `month` months after `starts_on`."""
        year, index = divmod(self.starts_on.year * 12 + self.starts_on.month - 1 + month, 12)
        return date(year, index + 1, 1)

    def rng(self, stage: int) -> np.random.Generator:
        """A generator of its own for each stage, so that one stage cannot disturb another."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, stage])))


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`."""
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    """The inverse of `day_number`."""
    return date(1970, 1, 1) + timedelta(days=int(number))
