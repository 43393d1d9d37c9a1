"""The GIFs that an example of the gallery writes are its pictures, beside those of Matplotlib."""

import shutil
from pathlib import Path
from typing import Any


def scraped(block: Any, variables: dict[str, Any], configuration: dict[str, Any]) -> str:
    """Move the GIFs beside the example to the gallery's pictures; return what shows them."""
    from sphinx_gallery.scrapers import figure_rst

    del block
    paths = []
    for gif in sorted(Path(variables["src_file"]).parent.glob("*.gif")):
        paths.append(str(Path(next(variables["image_path_iterator"])).with_suffix(".gif")))
        shutil.move(gif, paths[-1])
    return str(figure_rst(paths, configuration["src_dir"]))


def _get_sg_image_scraper() -> Any:
    return scraped
