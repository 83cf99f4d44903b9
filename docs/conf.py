"""The documentation site: `cargo xtask site` builds it into target/site."""

import importlib.util

import latex2mathml.converter
from docutils.nodes import SkipNode

project = "sorn"
author = "the sorn developers"
copyright = "2026, the sorn developers"

extensions = ["myst_parser"]
exclude_patterns = []
# The reference of the package is read from the package itself, where it is installed.
if importlib.util.find_spec("sorn_rs"):
    extensions += ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
    # Napoleon takes the word "shape" of a parameter's type for a name, and two classes have one of that name.
    suppress_warnings = ["ref.python"]
else:
    exclude_patterns += ["python.rst"]
    suppress_warnings = ["toc.excluded", "toc.not_readable"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
autodoc_member_order = "bysource"
napoleon_google_docstring = False

html_theme = "furo"
html_title = "sorn"
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"


def _formula(display):
    """Formulas become MathML, which every browser draws by itself: the site needs no script and no network for them."""

    def visit(translator, node):
        translator.body.append(latex2mathml.converter.convert(node.astext(), display=display))
        raise SkipNode

    return visit, None


def setup(app):
    """Register how formulas are drawn."""
    app.add_html_math_renderer("mathml", _formula("inline"), _formula("block"))
