"""The page of the command, made of its own help.

    python -m dagster_project.commands.document

writes it to `docs/`.
"""

from collections.abc import Iterator

import click

from ..settings import ROOT
from .cli import cli

PAGE = ROOT / "docs/command.md"
_WIDTH = 98
_INTRO = """\
# The command

`.venv/bin/retention`, or `retention` once `.venv/bin` is on your PATH. Every command says what is
wrong, where, and what to do. `query`, `tables`, `describe` and `export` read what is published, at
any time; `explain` also what a run builds, and not while one does.

| exit code | meaning |
|---|---|
| 0 | green; of `doctor`: all is well |
| 1 | a gate or a test is red, nothing was published |
| 2 | the configuration, a file, the machine or the words of the command need you |
| 3 | a defect |
| 130 | stopped from the keyboard |

On a terminal `run` shows its stages as they go, elsewhere a line for each thing a step says, on
standard error. `run --json` prints one object at the end, on standard output: `status` and
`exit_code`, `run_id`, `stages` (status, seconds, rows), `exports` (rows, rejected), `warnings`,
`errors`, and where `marts` and `report` are.

## Completion

The shell completes commands, options, words and tables, once it is told so in its start file:

| shell | file | line |
|---|---|---|
| bash 4.4+ | `~/.bashrc` | `eval "$(_RETENTION_COMPLETE=bash_source retention)"` |
| zsh | `~/.zshrc` | `eval "$(_RETENTION_COMPLETE=zsh_source retention)"` |
| fish | `~/.config/fish/completions/retention.fish` | \
`_RETENTION_COMPLETE=fish_source retention \\| source` |
"""


def page() -> str:
    """The page, in Markdown."""
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(cli, None)]
    return "\n".join([_INTRO, *sections])


def _helps(command: click.Command, above: click.Context | None) -> Iterator[tuple[str, str]]:
    """What each command is called, and what its `--help` prints."""
    name = command.name if above else "retention"
    context = click.Context(command, info_name=name, parent=above, terminal_width=_WIDTH)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from _helps(child, context)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
