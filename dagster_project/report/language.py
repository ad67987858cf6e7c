"""Words, numbers, dates and money as a language writes them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ..settings import own_yaml

WORDS = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(path.stem for path in WORDS.glob("*.yml")))

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "RUB": "₽", "JPY": "¥", "UAH": "₴", "KZT": "₸"}


@dataclass(frozen=True)
class Language:
    """One language of the page, and the currency that its money is in."""

    code: str
    words: dict[str, Any]
    texts: dict[str, str]
    currency: str | None = None

    def __call__(self, key: str, **given: Any) -> str:
        """The text of a key such as `page.title`, with what stands in its braces."""
        text = self.texts[key]
        return text.format(**given) if given else text

    def value(self, text: Any, kind: str = "values") -> str:
        """A word of the marts in this language, as it stands where it is the shop's own."""
        return str(self.words[kind].get(str(text), text))

    def number(self, value: Any, digits: int = 0) -> str:
        """A number with its thousands parted, rounded half up."""
        rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        whole, point, rest = f"{abs(rounded):,.{digits}f}".partition(".")
        told = whole.replace(",", self("form.thousands")) + (point and self("form.point")) + rest
        return (self("form.minus") if rounded < 0 else "") + told

    def percent(self, share: Any, digits: int = 1) -> str:
        """A share as a percentage."""
        return self("form.percent", n=self.number(Decimal(str(share)) * 100, digits))

    def amount(self, amount: Any, digits: int | None = None) -> str:
        """Money without its currency, and without its smaller unit from a thousand on."""
        if digits is None:
            digits = 0 if abs(Decimal(str(amount))) >= 1000 else 2
        return self.number(amount, digits)

    def money(self, amount: Any, digits: int | None = None) -> str:
        """Money in the currency."""
        number = self.amount(amount, digits)
        if not self.currency:
            return number
        minus, known = self("form.minus"), _SIGNS.get(self.currency)
        below = minus if number.startswith(minus) else ""
        pattern = "form.money" if known else "form.money_in_code"
        return below + self(pattern, n=number.removeprefix(minus), sign=known or self.currency)

    def month(self, day: dt.date) -> str:
        """A month and its year, short."""
        return self("form.month", month=self.words["form"]["months"][day.month - 1], year=day.year)

    def date(self, day: dt.date) -> str:
        """A day."""
        month = self.words["form"]["months_of_dates"][day.month - 1]
        return self("form.date", day=day.day, month=month, year=day.year)


@cache
def _read(code: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The words of a language as they stand in its file, and by their whole keys."""
    words = own_yaml(WORDS / f"{code}.yml")
    return words, dict(_texts(words, ""))


def _texts(words: dict[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


def language(code: str, currency: str | None = None) -> Language:
    """A language of `words/`, for money in a currency."""
    return Language(code, *_read(code), currency)
