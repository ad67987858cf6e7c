"""The demo: a seeded simulator of a shop whose truth is known."""

from dagster_project.demo.ensure import ensure_demo, read_truth
from dagster_project.demo.simulate import DemoTruth, simulate

__all__ = ["DemoTruth", "ensure_demo", "read_truth", "simulate"]
