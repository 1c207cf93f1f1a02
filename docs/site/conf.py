"""How the pages become a site: `make docs`. Sphinx reads this file.

The sources are the whole repository's Markdown, as it stands, so that a link that works in a file viewer works here,
too. What a plain page cannot say, the navigation and the API's reference, is put in while a page is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.docs.navigation import with_navigation
from tests.docs.openapi import api_document, operating_document
from tests.docs.reference import reference

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REFERENCE: Final = "docs/reference/api"
NAVIGATED: Final = ("docs/index", "docs/decisions/README")

project = "Strongroom"
project_copyright = "Strongroom's authors. Apache-2.0"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "deploy/*.md", "docs/**"]
exclude_patterns = [".*", "api", "bench", "data", "dist", "docs/site", "frontend", "tests"]  # Not even walked through.
nitpicky = True
# Whether every page is in the navigation is asked by a test, which names the page; here it would stop whoever writes.
suppress_warnings = ["toc.not_included"]

myst_heading_anchors = 4  # GitHub's anchors, as a file viewer makes them.
myst_enable_extensions = ["html_image"]

html_theme = "furo"
html_title = "Strongroom"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["index.html"]  # The site's pages lie below docs/, as their sources do.
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}


def put_in(_app: Sphinx, page: str, source: list[str]) -> None:
    """Adds to a page that is being read what is made for it. Sphinx's event `source-read`."""
    if page in NAVIGATED:
        source[0] = with_navigation(source[0])
    elif page == REFERENCE:
        source[0] += reference(api_document(), operating_document())


def setup(app: Sphinx) -> None:
    app.connect("source-read", put_in)
