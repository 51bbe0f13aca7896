"""What Sphinx makes of the pages that docs/site/stage.py lays out; ``make docs`` runs both."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.domains.python import PyXRefRole

import polytope_lens

HERE = Path(__file__).parent
HAS_GALLERY = (HERE.parent / "gallery_scripts").exists()

project = "polytope_lens"
author = "The polytope_lens authors"
copyright = f"2026, {author}"
version = release = polytope_lens.__version__
root_doc = "index"
exclude_patterns = ["files"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
extensions += ["sphinx_gallery.gen_gallery"] if HAS_GALLERY else []

# ----------------------------------------------------------------------------------------------- pages and texts
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
# Headings that jump a level, words that name several things, and console snippets that are no program.
suppress_warnings = ["myst.header", "ref.python", "misc.highlighting_failure"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autoclass_content = "class"
add_module_names = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
python_use_unqualified_type_names = True

# ----------------------------------------------------------------------------------------------------- the theme
html_theme = "pydata_sphinx_theme"
html_title = "polytope_lens"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "getting_started": []}

# --------------------------------------------------------------------------------------------------- the gallery
sphinx_gallery_conf = {
    "examples_dirs": ["../gallery_scripts"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"plot_",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("polytope_lens",),
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "show_memory": False,
    "download_all_examples": False,
    "min_reported_time": 3,
}


# ------------------------------------------------------------------------------------------- names in docstrings
class NameRole(PyXRefRole):
    """`Names` in single backticks: a link if they name a class, or something with a dot; code in any case."""

    def create_xref_node(self):
        """A link that is looked for in the whole package, and stays code where nothing is found."""
        if "." not in self.target and not self.target[:1].isupper():
            return [nodes.literal(self.rawtext, self.title)], []
        self.reftype = "obj"
        found, messages = super().create_xref_node()
        found[0]["refspecific"] = True
        return found, messages


default_role = "py:name"


def setup(app):
    """Make single backticks mean names."""
    app.add_role_to_domain("py", "name", NameRole())
