"""How Sphinx builds the documentation: `sphinx-build -W --keep-going -c docs . site`.

Sphinx with MyST and Furo, because all three are kept and released (Python's own documentation is built with
Sphinx), while MkDocs still stands at 1.6.1 of 2024. The source folder is the checkout itself, so that README,
changelog and `docs/` are one set of pages, whose links hold here and where the repository is read.
"""

import importlib.metadata
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))

from making import docstrings, navigation  # noqa: E402 (the path comes first)
from pygments.lexers.python import PythonLexer  # noqa: E402
from pygments.lexers.special import TextLexer  # noqa: E402

project = "quakesite"
author = "The quakesite developers"
release = version = importlib.metadata.version("quakesite")
copyright = "The quakesite developers; MIT licence"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**", "examples/**"]
exclude_patterns = ["docs/making/**", "docs/templates/**"]
nitpicky = False

myst_heading_anchors = 3
default_role = "code"  # docstrings are written with single backticks
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"quakesite {release}"
html_theme_options = {"top_of_page_buttons": []}
html_static_path = ["static"]
html_css_files = ["tables.css"]
templates_path = ["templates"]
html_additional_pages = {"index": "front.html"}
html_show_sphinx = False
html_copy_source = False
highlight_language = "text"


def setup(app):
    """Fills the pages that are made from the code, and the navigation, while the pages are read."""
    app.add_lexer("snakemake", PythonLexer)
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", navigation.fill)
    app.connect("autodoc-process-docstring", docstrings.tables, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
