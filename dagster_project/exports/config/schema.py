"""The settings of `exports.yml`, and the kinds of values that a user may write there."""

import codecs
import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _known_zone(name: str) -> str:
    if name not in available_timezones() - {"localtime"}:
        raise ValueError(f"'{name}' is no time zone; use a name such as Europe/London")
    return name


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ValueError(f"'{code}' is no ISO 4217 currency code such as GBP")
    return code.upper()


def _encoding(name: str) -> str:
    try:
        "".encode(codecs.lookup(name).name)
    except LookupError as error:  # unknown, or a codec that does not encode text
        raise ValueError(f"'{name}' is no encoding of text; use a name such as cp1252") from error
    return name


def listed(value: Any) -> Any:
    """A single word as a list of one."""
    return [value] if isinstance(value, str) else value


def _ids(value: Any) -> Any:
    """Ids as text, which YAML may have taken for numbers."""
    values = value if isinstance(value, list) else [value]
    return [str(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values]


def _rising(days: list[int]) -> list[int]:
    if sorted(set(days)) != days:
        raise ValueError("give three different numbers of days, the shortest first")
    return days


def _distinct(names: list[str]) -> list[str]:
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))} is named twice")
    return names


def _zone_or_offset(name: str) -> str:
    return name if re.fullmatch(r"[+-](0\d|1[0-4]):?[0-5]\d", name) else _known_zone(name)


Zone = Annotated[str, AfterValidator(_known_zone)]
ZoneOrOffset = Annotated[str, AfterValidator(_zone_or_offset)]
Abbreviation = Annotated[str, Field(pattern=r"^[A-Za-z]{2,6}$")]
Currency = Annotated[str, AfterValidator(_currency)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]
Factor = Annotated[float, Field(gt=1)]
SegmentName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
EventName = Annotated[str, Field(pattern=r"^[^'\\{}]+$")]
Ids = Annotated[list[EventName], BeforeValidator(_ids), Field(min_length=1)]
#: Names that are quoted in SQL.
Words = Annotated[list[EventName], BeforeValidator(listed), Field(min_length=1)]
Horizons = Annotated[
    list[Annotated[int, Field(ge=1)]], Field(min_length=3, max_length=3), AfterValidator(_rising)
]


class Strict(BaseModel):
    """What a user writes: unknown keys are faults, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Settings(Strict):
    """Knobs of a shop. Those with a value are handed to dbt as vars of the same name.

    `exchange_rates` and `exclude_customers` name files, relative to `exports.yml`, for the loader.
    """

    exchange_rates: str | None = None
    """A file of your own rates, before the project's: currency, rate_date, units_per_euro."""
    exclude_customers: str | None = None
    """A file of customer ids that are left out, counted: staff, tests."""
    files_outside_folder: bool = False
    """Whether files may lie outside of the folder of `exports.yml`, by name or by a link."""

    not_ids: Ids | None = None
    """Further words in place of a customer's or device's id, in any case, that are nobody's."""
    business_time_zone: Zone | None = None
    """Where a day begins and ends."""
    week_starts_on: Literal["monday", "sunday"] | None = None
    """The first day of a week."""
    base_currency: Currency | None = None
    """What figures are in; needed where the exports are in several currencies."""
    churn_after_days: Annotated[int, Field(ge=1)] | None = None
    """Silence after which a customer has churned."""
    grace_days: Days | None = None
    """How late a renewal may come without being churn."""
    segments: Annotated[list[SegmentName], AfterValidator(_distinct)] | None = None
    """Attributes by which customers are told apart."""
    as_of_date: dt.date | None = None
    """The last day that figures look at; else the last day with activity."""
    last_day_is_partial: bool | Literal["auto"] | None = None
    """Whether the last day came in part: true leaves it out, auto flags it by its times."""
    history_starts_on: dt.date | None = None
    """The first day of the history; else the first day with activity."""
    left_truncation_days: Days | None = None
    """How long after the start of the history a first time may be a return."""
    retention_days: Days | None = None
    """How many days cohorts are followed."""
    retention_weeks: Days | None = None
    """How many weeks cohorts are followed."""
    retention_months: Days | None = None
    """How many months cohorts are followed."""
    stickiness_window_days: list[Annotated[int, Field(ge=1)]] | None = None
    """Further windows for the average number of active days."""
    repeat_purchase_days: list[Annotated[int, Field(ge=1)]] | None = None
    """Windows in which a second purchase is looked for."""
    conversion_window_hours: Annotated[int, Field(ge=1)] | None = None
    """How long after a visit's start an order is still its own."""
    landmark_day: Days | None = None
    """The day of a customer's life by which behaviours are fixed, value counts after it."""
    effect_horizon_days: Annotated[int, Field(ge=1)] | None = None
    """How long after the landmark value is counted."""
    lifespan_horizon_days: Annotated[int, Field(ge=1)] | None = None
    """The days over which the restricted mean lifespan is taken."""
    interval_min_customers: Annotated[int, Field(ge=2)] | None = None
    """The smallest group whose money has an interval and which is compared with others."""
    value_horizon_days: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = (
        None
    )
    """Ages at which lifetime value is compared."""
    top_shares: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)] | None = (
        None
    )
    """Shares of customers whose share of revenue is told."""
    session_timeout_minutes: Annotated[int, Field(ge=1)] | None = None
    """Silence that ends a visit, where no export tells of visits."""
    message_conversion_days: Annotated[int, Field(ge=1)] | None = None
    """How long after a clicked message an order is still its own."""
    product_view_events: Words | None = None
    """Events that are a look at a product."""
    cart_events: Words | None = None
    """Events that put something into the cart."""
    diagnosis_margin: Share | None = None
    """How far below the others a campaign has to be, surely, to fall short."""
    gross_margin: Share | None = None
    """Margin of net revenue, where the cost of an order is not known."""
    activation_activity: EventName | None = None
    """What a customer signs up for."""
    activation_days: Annotated[int, Field(ge=1)] | None = None
    """Days after signing up in which it has to be done."""
    referral_maturity_days: Annotated[int, Field(ge=1)] | None = None
    """Days that an invitation is given to be accepted."""
    referral_value_days: Annotated[int, Field(ge=1)] | None = None
    """Days over which the value of referred customers is compared."""
    exchange_rate_max_age_days: Days | None = None
    """How old a rate may be."""
    favourite_events: Words | None = None
    """Events that mark a product as wanted."""
    app_install_events: Words | None = None
    """Events that are the installation of the app."""
    app_platforms: Words | None = None
    """Values of device or platform that are the app."""
    mobile_web_platforms: Words | None = None
    """Values of device or platform that are the web on a phone."""
    messenger_channels: Words | None = None
    """Channels of messages that are messengers."""
    audience_channels: (
        Annotated[list[Literal["email", "push", "messenger", "sms"]], Field(min_length=1)] | None
    ) = None
    """Channels in the order in which they are chosen; the first with consent is taken."""
    assume_consent: bool | None = None
    """Whether a customer may be written to where neither profile nor message says."""
    audience_window_days: Annotated[int, Field(ge=1)] | None = None
    """How long a view, a favourite or a visit puts into an audience."""
    renewal_due_days: Annotated[int, Field(ge=1)] | None = None
    """How long before it a renewal is due."""
    renewal_min_months: Annotated[int, Field(ge=1)] | None = None
    """Plans billed more often renew without being asked."""
    lapse_min_orders: Annotated[int, Field(ge=2)] | None = None
    """Order days from which on a customer has a rhythm."""
    lapse_factor: Factor | None = None
    """Silence of so many usual gaps is a lapse."""
    win_back_days: Annotated[int, Field(ge=1)] | None = None
    """How long after the last order a customer is won back."""
    promoter_days: Annotated[int, Field(ge=1)] | None = None
    """How long an answer makes a promoter."""
    message_cap: Annotated[int, Field(ge=1)] | None = None
    """At most so many messages to a customer, on all channels."""
    message_cap_days: Annotated[int, Field(ge=1)] | None = None
    """The days over which the cap counts."""
    audience_rest_days: Annotated[int, Field(ge=1)] | None = None
    """Days between two messages of one audience."""
    holdout_share: Share | None = None
    """Share of an audience that is not written to, for comparison."""
    audience_outcome_days: Annotated[int, Field(ge=1)] | None = None
    """Days over which what an audience did is counted."""
    max_rejected_share: Share | None = None
    """Share of unreadable rows above which a run is red, of all and of each file and delivery."""
    max_quarantined_share: Share | None = None
    """The same of rows held back by a rule."""
    max_unknown_customers_share: Share | None = None
    """Share of orders by customers whom the customers export lacks, above which is warned."""
    max_days_without_rows: Days | None = None
    """Age of an export's newest row above which is warned."""
    volume_weeks: Annotated[int, Field(ge=2)] | None = None
    """Weeks that a night is compared with, its rows with those of the same weekday."""
    volume_min_rows: Annotated[int, Field(ge=1)] | None = None
    """Usual rows of a night below which their number is not compared."""
    volume_warning_factor: Factor | None = None
    """Times fewer rows than usual that are warned of, where chance does not explain it."""
    volume_critical_factor: Factor | None = None
    """Times fewer that stop the run, and times more that are warned of."""
    kept_marts: Annotated[int, Field(ge=0)] | None = None
    """Published files before the last one that are kept, for `retention rollback`."""
    prediction_model: Literal["mbg", "bg"] | None = None
    """Model of purchases: mbg, the modified BG/NBD, or bg, BG/NBD, which keeps one-time buyers."""
    prediction_horizons: Horizons | None = None
    """Days ahead that purchases are predicted for."""
    prediction_holdout_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the history, its end, that predictions are compared with."""
    prediction_discount_rate: Annotated[float, Field(ge=0)] | None = None
    """Discount of future revenue a year."""
    prediction_max_error: Annotated[float, Field(gt=0)] | None = None
    """Error above which predictions are refused."""
    prediction_min_lift: Annotated[float, Field(ge=1)] | None = None
    """Lift of the best tenth below which predictions are refused."""
    prediction_max_stretch: Annotated[float, Field(ge=1)] | None = None
    """How much longer than the holdout a horizon may be."""
    prediction_min_repeat_customers: Annotated[int, Field(ge=2)] | None = None
    """Customers who bought again below whom nothing is predicted."""
    renewals_ahead: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Renewals beyond those seen that are projected."""
    report_title: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    """What the report is about: the shop's name."""
    report_language: Literal["en", "ru"] | None = None
    """The language the report opens in; the page has a switch."""


#: Settings that name a file.
FILES = {"exchange_rates", "exclude_customers"}
#: Settings of where files may lie, which decide no figure.
PLACES = {"files_outside_folder"}
#: Settings of the report, which decide no figure.
REPORT = {"report_title", "report_language"}
