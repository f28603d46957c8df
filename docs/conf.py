"""Sphinx configuration. The build needs no network; `make docs` turns warnings into errors."""

import warnings

import skfusion
from skfusion._utils import doc_link

project = "skfusion"
author = "The skfusion developers"
copyright = "The skfusion developers"
version = release = skfusion.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["skfusion.css"]
default_role = "literal"  # one backtick is code, as in the docstrings

# --- API reference ---

autosummary_generate = True
numpydoc_show_class_members = False  # the template of a class lists its methods
numpydoc_class_members_toctree = False
autodoc_member_order = "bysource"
# Types are described under Parameters; in signatures of 24 arguments they hide the names.
autodoc_typehints = "none"
autodoc_preserve_defaults = True  # as written: `1e-3`, not `0.001`

autodoc_default_options = {"members": True, "inherited-members": True}


def skip_members(app, what, name, obj, skip, options):
    """Skip members that the reference does not document.

    These are Python's own methods of exceptions, fitted attributes, which a class lists itself, and
    methods inherited from scikit-learn, whose docstrings link to sections of its own guide.
    """
    from_sklearn = (getattr(obj, "__module__", None) or "").startswith("sklearn.")
    request_method = name.startswith("set_") and name.endswith("_request")
    if what == "exception" or name.endswith("_") or from_sklearn or request_method:
        return True
    return skip


# --- gallery ---

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # The other examples need data that is not part of the repository; they are shown, not run.
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skfusion",),
    "show_signature": False,
    "min_reported_time": 1,
}
# The gallery saves the figures itself, so `plt.show()` has nothing to do.
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

# HTML representations link to the pages of this site, not to files of the machine that builds it.
doc_link.declared_documentation = lambda: ".."

# --- pages ---

html_theme = "pydata_sphinx_theme"
html_title = f"skfusion {release}"
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_nav_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def setup(app):
    """Connect the hooks of this file to Sphinx."""
    app.connect("autodoc-skip-member", skip_members)
