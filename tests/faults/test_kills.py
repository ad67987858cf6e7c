"""SIGKILL at random moments: the next run makes what an undisturbed one makes, readers see no harm.

Runs are killed one after the other in the same warehouse, each meeting what the killed ones before
it left; then one runs to its end. `make soak` gives each kill a recovery of its own.
"""

import random

import pytest

from ..support.kills import Digest, Scene, Seen, reader


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("kills"))


@pytest.mark.nightly  # each push has a kill among the nights of test_soak
@pytest.mark.timeout(1500)  # four whole runs, beside two other tests
@pytest.mark.parametrize(("has_marts", "kills"), [(True, 1), (False, 1)])
def test_what_is_killed_recovers(scene: Scene, has_marts: bool, kills: int) -> None:
    rng = random.Random(kills)
    warehouse = scene.victim(has_marts)
    allowed: list[Digest | None] = [scene.first.marts if has_marts else None, scene.second.marts]
    seen: list[Seen] = []
    codes = []
    with reader(scene.marts_file(warehouse), seen):
        for number in range(kills):
            killed = scene.kill(warehouse, has_marts, (number + rng.random()) / kills)
            codes.append(killed.code)
            assert killed.marts in allowed, killed
        scene.undisturbed(warehouse)
    assert set(codes) <= {-9, 0}  # a late one may meet a run at its end
    assert -9 in codes
    assert scene.marts(warehouse) == scene.second.marts
    (found,) = seen
    assert found.errors == []
    assert found.reads > 0
    assert all(state in allowed for state in found.states)
