"""How the documentation is built: `make docs`."""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE), str(HERE.parent / "src")]

import unrolled  # noqa: E402  # what stands beside this page, installed or not

mpl.use("agg")

project = "unrolled"
author = "The unrolled developers"
copyright = author
version = release = unrolled.__version__

extensions = [
    "equations",
    "offline",
    "speed",
    "myst_nb",  # MyST's Markdown, and the tutorials' notebooks
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/*.py", "gallery/*.ipynb", "gallery/*.zip", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
default_role = "py:obj"
suppress_warnings = ["config.cache", "mystnb.unknown_mime_type"]
highlight_language = "python"

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_update_mathjax = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters say what is expected
autodoc_member_order = "bysource"
numpydoc_show_class_members = True
numpydoc_show_inherited_class_members = False
numpydoc_class_members_toctree = False
numpydoc_attributes_as_param_list = True

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf: dict[str, Any] = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": "/plot_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "reference_url": {"unrolled": None},
    "doc_module": ("unrolled",),
    "backreferences_dir": "gallery/backreferences",
    "inspect_global_variables": False,
    "abort_on_example_error": True,
    "image_scrapers": ("matplotlib", "gifs"),
    "matplotlib_animations": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "unrolled"
html_static_path = ["_static"]
html_css_files = ["unrolled.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "unrolled"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 8,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
    "secondary_sidebar_items": ["page-toc"],
}

intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "numpy": ("https://numpy.org/doc/stable", None),
    "scipy": ("https://docs.scipy.org/doc/scipy", None),
    "matplotlib": ("https://matplotlib.org/stable", None),
    "sklearn": ("https://scikit-learn.org/stable", None),
}
intersphinx_timeout = 5


def setup(app: Any) -> None:
    """Leave out what scikit-learn gives to every estimator: it links to places of scikit-learn's own pages."""
    app.connect("autodoc-skip-member", lambda *each: from_sklearn(each[2]) or None)


def from_sklearn(name: str) -> bool:
    """Return whether a method routes metadata."""
    return name == "get_metadata_routing" or (name.startswith("set_") and name.endswith("_request"))


# MathJax as `make docs` took it from npm, in one file; without it, formulas are drawn by the one on the network.
mathjax_folder = HERE / "_build" / "mathjax"
mathjax4_config = mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "global"}}
if (mathjax_folder / "tex-svg.js").exists():
    html_static_path.append(str(mathjax_folder))
    mathjax_path = "tex-svg.js"
else:
    mathjax_path = "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-svg.js"
