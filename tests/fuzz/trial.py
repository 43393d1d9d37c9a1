"""One mutant: made, written and read."""

import tempfile
import warnings
from pathlib import Path
from random import Random

from fuzz.formats import Files, Format, check


def examples(form: Format) -> list[Files]:
    """Write both variants of a format and return their files."""
    found = []
    for variant in (0, 1):
        with tempfile.TemporaryDirectory() as folder:
            found.append(form.example(Path(folder), variant))
    return found


def mutant(form: Format, valid: list[Files], seed: int) -> Files:
    """Make the mutant of this number."""
    rng = Random(f"{form.name} {seed}")
    one = rng.randrange(2)
    return form.mutant(valid[one], valid[1 - one], rng)


def place(form: Format, files: Files, root: Path, there: Files) -> Path:
    """Make a folder hold a mutant, knowing what is `there` already; return the path that its reader is given."""
    for name in there.keys() - files.keys():
        (root / name).unlink()
    for name, content in files.items():
        if there.get(name) != content:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return root if form.container == "folder" else root / next(iter(files))


def verdict(form: Format, path: Path) -> str:
    """Read a mutant: "loaded", "refused", or what is wrong with what happened."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loaded = form.load(path)
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, MemoryError):
                return f"asked for more memory than there is: {error!r}"
            cause = cause.__cause__
        return "refused" if isinstance(error, form.error) else f"raised {error!r}"
    try:
        check(loaded)
    except Exception as error:
        return f"loaded, but not correct: {error!r}"
    return "loaded"
