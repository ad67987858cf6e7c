"""README, DECISIONS and docs/ as pages that need no network, to build or to read: `make docs`."""

from pathlib import Path

from docutils.nodes import document
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

project = "Retention warehouse"
extensions = ["myst_parser"]
include_patterns = ["README.md", "DECISIONS.md", "docs/*.md"]
root_doc = "README"
# links to a heading are checked too
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"page_width": "1200px", "body_max_width": "none", "show_powered_by": False}
html_copy_source = html_show_copyright = html_show_sourcelink = html_use_index = False


def setup(app: Sphinx) -> None:
    """What the files do not need where they are read as they stand."""
    app.connect("source-read", _with_contents)
    app.connect("doctree-read", _folders_without_links)


def _with_contents(app: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\ndocs/*\nDECISIONS\n```\n"


def _folders_without_links(app: Sphinx, read: document) -> None:
    """A folder has no page: its name stands alone."""
    for link in list(read.findall(pending_xref)):
        if (Path(app.env.doc2path(link["refdoc"])).parent / link["reftarget"]).is_dir():
            link.replace_self(link.children)
