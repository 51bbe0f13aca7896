"""What Sphinx makes of the pages that docs/site/stage.py lays out; ``make docs`` runs both."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
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
smartquotes = False
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


# What pages call the objects, and the classes of questions behind their namespaces.
CLASSES = {
    "lens": "Lens", "network": "Network", "region": "Region", "P": "Polytope", "polytope": "Polytope", "path": "Path",
    "partition": "Partition", "recorder": "Recorder", "recording": "Recording", "region.export": "Export",
    "partition.plot": "PartitionPlot", "partition.function": "PartitionFunction", "plot": "PartitionPlot",
    "partition.complex": "PartitionComplex", "partition.export": "PartitionExport", "function": "PartitionFunction",
    "complex": "PartitionComplex",
}  # fmt: skip
CALL = re.compile(r"([\w.]+)\.(\w+)(?:\(.*\))?$", flags=re.DOTALL)


def link_calls(app, doctree):
    """Calls in the sentences and tables of pages, such as `lens.at(x)`, become links to the reference."""
    for literal in list(doctree.findall(nodes.literal)):
        found = CALL.match(literal.astext())
        if found and found[1] in CLASSES and isinstance(literal.parent, nodes.paragraph | nodes.emphasis):
            target = f"{CLASSES[found[1]]}.{found[2]}"
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="obj", reftarget=target, refspecific=True, refexplicit=True, refwarn=False,
                refdoc=app.env.current_document.docname,
            )  # fmt: skip
            literal.replace_self(link)
            link += literal


def with_links(app, what, name, found, options, lines):
    """Pages that a docstring names, as links: what ``help`` calls docs/scale.md is a page here."""
    lines[:] = [re.sub(r"\bdocs/(\w+)\.md\b", r":doc:`/\1`", line) for line in lines]


def setup(app):
    """Make single backticks mean names, and the names of pages links."""
    app.add_role_to_domain("py", "name", NameRole())
    app.connect("doctree-read", link_calls)
    app.connect("autodoc-process-docstring", with_links)
