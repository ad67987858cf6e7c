"""What the purchase models need to know about customers: how often, until when, for how long."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Histories:
    """Purchase histories, equal ones counted together; one-dimensional arrays of one length.

    Attributes:
        frequency: Repeat purchases: purchases after the first. Whole numbers from 0.
        recency: Time from the first purchase to the last; 0 where there was only one.
        age: Time from the first purchase to the end of observation, in the same unit.
        customers: How many customers have this history.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    customers: Floats

    @classmethod
    def of(
        cls,
        frequency: ArrayLike,
        recency: ArrayLike,
        age: ArrayLike,
        customers: ArrayLike | None = None,
    ) -> "Histories":
        """Histories from anything array-like; without `customers`, every row is one.

        Raises ValueError for arrays of different lengths and for impossible rows.
        """
        x, recent, old = (np.asarray(v, dtype=np.float64) for v in (frequency, recency, age))
        counts = np.ones_like(x) if customers is None else np.asarray(customers, np.float64)
        if not (x.ndim == 1 and x.shape == recent.shape == old.shape == counts.shape):
            raise ValueError("frequency, recency, age and customers are arrays of one length")
        if not np.isfinite([x, recent, old, counts]).all():
            raise ValueError("histories are finite numbers")
        if (x != np.round(x)).any() or (x < 0).any():
            raise ValueError("frequency counts from 0")
        if (recent < 0).any() or (recent > old).any():
            raise ValueError("recency lies between 0 and age")
        if (recent[x == 0] != 0).any():
            raise ValueError("who bought once has recency 0")
        if (counts <= 0).any():
            raise ValueError("every history belongs to somebody")
        return cls(x, recent, old, counts)

    def grouped(self) -> "Histories":
        """The same customers with equal histories counted together, in order."""
        rows, places = np.unique(
            np.column_stack([self.frequency, self.recency, self.age]), axis=0, return_inverse=True
        )
        frequency, recency, age = rows.T
        return Histories.of(frequency, recency, age, np.bincount(places.ravel(), self.customers))

    def scaled(self, factor: float) -> "Histories":
        """The same customers with time in another unit."""
        return Histories(self.frequency, self.recency * factor, self.age * factor, self.customers)

    @property
    def total(self) -> float:
        """How many customers there are."""
        return float(self.customers.sum())

    @property
    def repeaters(self) -> float:
        """How many customers bought again."""
        return float(self.customers[self.frequency > 0].sum())
