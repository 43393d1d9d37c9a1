"""A search's table: written, damaged line by line, read, and gone on with."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from fuzz.values import other_value

from unrolled import data, sweep
from unrolled.sweep.tables import KINDS, TableError


def samples() -> data.Samples:
    """Twelve samples of three classes and six people."""
    y = np.arange(12) % 3
    return data.Samples(np.ones((12, 3, 1), np.float32) * y[:, None, None], y, np.arange(12) // 2)


def quick(point: Mapping[str, Any], _training: sweep.Part, _validation: sweep.Part, _rng: object) -> dict[str, float]:
    """Train nothing."""
    return {"accuracy": 1 / (1 + point["a"]), "loss": float(point["a"])}


def search(path: Path, variant: int) -> sweep.Results:
    """Search, or go on where the table ends."""
    points: list[dict[str, Any]] = [{"a": a, "b": [1.5, None, "text"][a % 3]} for a in range(2 + 2 * variant)]
    settings: dict[str, Any] = {"folds": 2, "seeds": 1 + variant, "n_jobs": 1, "progress": False}
    return sweep.run(points, samples(), trial=quick, table=path, **settings)


def write_lines(folder: Path, variant: int) -> None:
    """Write the table of a small search, or of one twice as large."""
    search(folder / "t.jsonl", variant)


def load_lines(path: Path) -> sweep.Results:
    """Read a table as anybody does, and then go on with it: what was read must still be there."""
    before = path.read_bytes()
    try:
        found = sweep.read(path)
        repr(found)
        with contextlib.suppress(ValueError):  # nothing that points could be ranked by
            found._repr_html_()
            found.ranking()
    finally:
        assert path.read_bytes() == before, "a table changed by being read"
    try:
        search(path, 1)
        after = path.read_bytes()
        lost = [line for line in before.split(b"\n")[:-1] if line + b"\n" not in after]
        assert not lost, "lines are lost"
    finally:
        path.write_bytes(before)
    if not len(found):
        raise TableError(f"{path}: no result is left")
    return found


def check_results(found: sweep.Results) -> None:
    """Raise an AssertionError unless these are results."""
    for each in found:
        assert isinstance(each.point, dict)
        assert each.ended in ("done", "diverged", "lost")
        assert each.seed >= 0
        assert each.fold >= 0
        assert isinstance(each.metrics, dict)
        assert np.isfinite(each.seconds)


def other_line(content: bytes, rng: Random) -> bytes:
    """Change what stands in one line, as JSON, or how its text is written."""
    lines = content.split(b"\n")
    i = rng.randrange(max(1, len(lines) - 1))
    try:
        line = json.loads(lines[i])
    except ValueError:
        return content
    kind = rng.randrange(10)
    if kind < 6:
        line = other_value(line, rng)
    elif kind == 6:
        name = rng.choice(list(KINDS))
        deep: Any = rng.choice((0.5, {}, "x"))
        for _ in range(rng.choice((5, 25, 300))):
            deep = rng.choice(([deep], {"a": deep}))
        line = {**line, name: deep}
    elif kind == 7:
        line = dict(sorted(line.items(), key=lambda _: rng.random()))
    text = json.dumps(line, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    if kind == 8:
        text = rng.choice((b"[" * 100_000, text * 2, text + b"\r", text.replace(b" ", b""), b"\xef\xbb\xbf" + text))
    elif kind == 9:
        text = text[: rng.randrange(len(text))]
    lines[i] = text
    return rng.choice((b"\n", b"\n", b"\n", b"\r\n", b"\r")).join(lines)
