"""Whose row is it: METRICS.md's rule for anonymous ids, applied to the clean draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo.parameters import NOBODY, IntArray

_SPAN = 2**40  # more seconds than any demo has


@dataclass(frozen=True)
class Links:
    """Moments at which a row carried both ids, one customer per (visitor, second)."""

    key: IntArray  # visitor * _SPAN + second, ascending
    visitor: IntArray
    customer: IntArray

    @classmethod
    def of(cls, visitor: IntArray, customer: IntArray, at: IntArray) -> Links:
        """Collect the links among rows; of several in one second the smallest customer wins."""
        both = (visitor >= 0) & (customer >= 0)
        visitor, customer, at = visitor[both], customer[both], at[both]
        key = visitor * _SPAN + at
        order = np.lexsort((customer, key))
        key, first = np.unique(key[order], return_index=True)
        return cls(key, visitor[order][first], customer[order][first])

    def owner(self, visitor: IntArray, customer: IntArray, at: IntArray) -> IntArray:
        """The customer each row belongs to, NOBODY where it stays anonymous.

        The row's own customer; else that of the visitor id's latest link at or before the row;
        else (activity before any log-in) that of its earliest.
        """
        if not self.key.size:
            return customer
        after = np.searchsorted(self.key, visitor * _SPAN + at, side="right")
        before = np.maximum(after - 1, 0)
        after = np.minimum(after, self.key.size - 1)
        linked = np.where(self.visitor[after] == visitor, self.customer[after], NOBODY)
        linked = np.where(self.visitor[before] == visitor, self.customer[before], linked)
        linked = np.where(visitor >= 0, linked, NOBODY)
        return np.where(customer >= 0, customer, linked)
