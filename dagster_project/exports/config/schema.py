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
Abbreviation = Annotated[str, Field(pattern=r"^[A-Za-z]{1,6}$")]
Currency = Annotated[str, AfterValidator(_currency)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]
Factor = Annotated[float, Field(gt=1)]
SegmentName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
EventName = Annotated[str, Field(pattern=r"^[^'\\{}]+$")]
#: Names that are quoted in SQL.
Words = Annotated[list[EventName], BeforeValidator(listed), Field(min_length=1)]
Horizons = Annotated[
    list[Annotated[int, Field(ge=1)]], Field(min_length=3, max_length=3), AfterValidator(_rising)
]


class Strict(BaseModel):
    """What a user writes: unknown keys are faults, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(Strict):
    """Knobs of a shop. Those with a value are handed to dbt as vars of the same name.

    `exchange_rates` and `exclude_customers` name files, relative to `exports.yml`, for the loader.
    """

    exchange_rates: str | None = None
    exclude_customers: str | None = None

    business_time_zone: Zone | None = None
    week_starts_on: Literal["monday", "sunday"] | None = None
    base_currency: Currency | None = None
    churn_after_days: Annotated[int, Field(ge=1)] | None = None
    grace_days: Days | None = None
    segments: Annotated[list[SegmentName], AfterValidator(_distinct)] | None = None
    as_of_date: dt.date | None = None
    last_day_is_partial: bool | None = None
    history_starts_on: dt.date | None = None
    left_truncation_days: Days | None = None
    retention_days: Days | None = None
    retention_weeks: Days | None = None
    retention_months: Days | None = None
    stickiness_window_days: list[Annotated[int, Field(ge=1)]] | None = None
    repeat_purchase_days: list[Annotated[int, Field(ge=1)]] | None = None
    conversion_window_hours: Annotated[int, Field(ge=1)] | None = None
    landmark_day: Days | None = None
    effect_horizon_days: Annotated[int, Field(ge=1)] | None = None
    lifespan_horizon_days: Annotated[int, Field(ge=1)] | None = None
    lifespan_disagreement: Share | None = None
    value_horizon_days: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = (
        None
    )
    top_shares: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)] | None = (
        None
    )
    session_timeout_minutes: Annotated[int, Field(ge=1)] | None = None
    message_conversion_days: Annotated[int, Field(ge=1)] | None = None
    product_view_events: Words | None = None
    cart_events: Words | None = None
    diagnosis_margin: Share | None = None
    gross_margin: Share | None = None
    activation_activity: EventName | None = None
    activation_days: Annotated[int, Field(ge=1)] | None = None
    referral_maturity_days: Annotated[int, Field(ge=1)] | None = None
    referral_value_days: Annotated[int, Field(ge=1)] | None = None
    exchange_rate_max_age_days: Days | None = None
    favourite_events: Words | None = None
    app_install_events: Words | None = None
    app_platforms: Words | None = None
    mobile_web_platforms: Words | None = None
    messenger_channels: Words | None = None
    audience_channels: (
        Annotated[list[Literal["email", "push", "messenger", "sms"]], Field(min_length=1)] | None
    ) = None
    assume_consent: bool | None = None
    audience_window_days: Annotated[int, Field(ge=1)] | None = None
    renewal_due_days: Annotated[int, Field(ge=1)] | None = None
    renewal_min_months: Annotated[int, Field(ge=1)] | None = None
    lapse_min_orders: Annotated[int, Field(ge=2)] | None = None
    lapse_factor: Factor | None = None
    win_back_days: Annotated[int, Field(ge=1)] | None = None
    promoter_days: Annotated[int, Field(ge=1)] | None = None
    message_cap: Annotated[int, Field(ge=1)] | None = None
    message_cap_days: Annotated[int, Field(ge=1)] | None = None
    audience_rest_days: Annotated[int, Field(ge=1)] | None = None
    holdout_share: Share | None = None
    audience_outcome_days: Annotated[int, Field(ge=1)] | None = None
    max_rejected_share: Share | None = None
    max_quarantined_share: Share | None = None
    max_unknown_customers_share: Share | None = None
    max_days_without_rows: Days | None = None
    volume_weeks: Annotated[int, Field(ge=2)] | None = None
    volume_min_rows: Annotated[int, Field(ge=1)] | None = None
    volume_warning_factor: Factor | None = None
    volume_critical_factor: Factor | None = None
    prediction_model: Literal["mbg", "bg"] | None = None
    prediction_horizons: Horizons | None = None
    prediction_holdout_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    prediction_discount_rate: Annotated[float, Field(ge=0)] | None = None
    prediction_max_error: Annotated[float, Field(gt=0)] | None = None
    prediction_min_lift: Annotated[float, Field(ge=1)] | None = None
    prediction_max_stretch: Annotated[float, Field(ge=1)] | None = None
    prediction_min_repeat_customers: Annotated[int, Field(ge=2)] | None = None
    renewals_ahead: Annotated[int, Field(ge=0, le=1000)] | None = None


#: Settings that name a file.
FILES = {"exchange_rates", "exclude_customers"}
