"""What the Dockerfile names is there. It is built by hand: tests have no daemon to do it."""

import re

from dagster_project.settings import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_has_the_installer_of_the_makefile() -> None:
    pinned = re.compile(r"\buv==([\d.]+)")
    assert pinned.findall(DOCKERFILE) == pinned.findall((ROOT / "Makefile").read_text("utf-8"))


def test_what_is_copied_is_there_and_not_ignored() -> None:
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = [
        name
        for line in re.findall(r"^COPY --chown=retention (.+)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert len(copied) == 7
    for name in copied:
        assert (ROOT / name).exists(), name
        assert any(path.split("/")[0] == name for path in let_through), name
    for path in let_through:
        assert (ROOT / path).exists(), path


def test_it_runs_as_nobody_who_may_do_everything() -> None:
    users = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["retention"]
