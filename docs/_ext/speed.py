"""The picture of the benchmark, drawn from ``benchmarks/RESULTS.md`` when the site is built."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = {
    "PyTorch": "PyTorch, 1 thread",
    "JAX": "JAX",
    "Keras, fastest": "Keras/TF, fastest",
    "plain NumPy": "textbook NumPy",
}


def ratios(text: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return peer / ours of the training step, by cell, contestant and size.

    The last of a contestant's rows that begin alike counts where PyTorch with two threads is the faster one.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for cell, page in re.findall(r"^# (\w+) cell\n(.*?)(?=^# |\Z)", text, re.M | re.S):
        table = re.search(r"^## Training step\n(.*?)(?=^## |\Z)", page, re.M | re.S)
        size = ""
        for line in table[1].splitlines() if table else []:
            cells = [each.strip() for each in line.strip("|").split("|")]
            if len(cells) < 4 or not re.fullmatch(r"[\d.]+", cells[3]):
                size = cells[0] if cells[0].startswith("(") else size
                continue
            size = cells[0] or size
            name = re.sub(r"PyTorch, \d threads?", "PyTorch, 1 thread", cells[1])
            of_name = found.setdefault(cell, {}).setdefault(name, {})
            of_name[size] = min(float(cells[3]), of_name.get(size, float("inf")))
    return found


def draw(app: Any) -> None:
    """Write ``_build/speed.png``, if the results are newer."""
    source, target = ROOT / "benchmarks" / "RESULTS.md", Path(app.srcdir) / "_build" / "speed.png"
    if target.exists() and target.stat().st_mtime > max(source.stat().st_mtime, Path(__file__).stat().st_mtime):
        return
    from matplotlib.figure import Figure

    found = ratios(source.read_text(encoding="utf-8"))
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    axes = figure.subplots(1, len(found), sharey=True)
    for ax, (cell, contestants) in zip(axes, found.items(), strict=True):
        for (label, name), marker in zip(PEERS.items(), "os^D", strict=True):
            if name in contestants:
                sizes = contestants[name]
                ax.plot(list(sizes), list(sizes.values()), marker=marker, label=label)
        ax.axhline(1, color="0.4", lw=1)
        ax.set(title=cell if cell == "tanh" else cell.upper(), yscale="log")
        ax.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        ax.minorticks_off()
        ax.tick_params(axis="x", rotation=45)
    axes[0].set(ylabel="time / ours")
    figure.supxlabel("(batch, hidden)", fontsize="medium")
    handles = {text: handle for ax in axes for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=len(handles))
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120)


def setup(app: Any) -> dict[str, bool]:
    """Draw before anything is read."""
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
