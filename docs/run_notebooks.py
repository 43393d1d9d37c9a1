"""Run the tutorials' notebooks, and keep what they show: ``.venv-docs/bin/python docs/run_notebooks.py``.

`make docs` runs them anew for the site, and stops where one fails; this is for those who read them in the repository.
Kept are the outputs, a stream in one piece, and nothing of the machine: no times, and no version of Python.
"""

import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "tutorials"


def tidy(notebook: Any) -> None:
    """Take away what changes from run to run, and put the pieces of a stream together."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for cell in notebook.cells:
        cell.metadata = {}
        kept: list[Any] = []
        for output in cell.get("outputs", []):
            if kept and output.output_type == kept[-1].output_type == "stream" and output.name == kept[-1].name:
                kept[-1].text += output.text
            else:
                kept.append(output)
        if cell.cell_type == "code":
            cell.outputs = kept


def main() -> None:
    """Run all of them, or those that are named."""
    import nbformat
    from nbclient import NotebookClient

    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
        tidy(notebook)
        nbformat.write(notebook, path)
        print(path.name)


if __name__ == "__main__":
    main()
