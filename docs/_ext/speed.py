"""What the pages say of the benchmark, taken from ``benchmarks/RESULTS.md`` when the site is built.

The picture; the directive ``speed``, a table of how many times as long each contestant takes as ours; the role of that
name, a range over the sizes, of ``tanh, PyTorch``, ``lstm, PyTorch, inference`` or ``tanh, roofline``; and ``faster``,
how many times as fast as ours a contestant infers at most.
"""

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from ratios import INFERENCE, PEERS, SOURCE, TRAINING, faster, ratios, spoken
from sphinx.util.docutils import SphinxDirective


def role(name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_rest: Any) -> tuple[list[Any], list[Any]]:
    """Write a range, or how much faster."""
    inliner.document.settings.env.note_dependency(str(SOURCE))
    try:
        said = {"speed": spoken, "faster": faster}[name](text, SOURCE.read_text(encoding="utf-8"))
    except (KeyError, ValueError) as error:
        message = inliner.reporter.error(f"{text!r} is not in {SOURCE.name}: {error}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    return [nodes.Text(said)], []


class Speed(SphinxDirective):
    """A table of peer / ours, a row a size: ``speed`` with a cell's name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"inference": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(SOURCE))
        section = INFERENCE if "inference" in self.options else TRAINING
        of_cell = ratios(SOURCE.read_text(encoding="utf-8"), section)[self.arguments[0]]
        named = {label: of_cell[name] for label, name in PEERS.items() if name in of_cell}
        sizes = list(next(iter(named.values())))
        body = [[size, *(f"{of_size[size]:.1f}" for of_size in named.values())] for size in sizes]
        return [table([["(batch, hidden)", *named], *body])]


def table(texts: list[list[str]]) -> nodes.table:
    """Return a table; its first row is the head."""
    group = nodes.tgroup(cols=len(texts[0]))
    group += [nodes.colspec(colwidth=1) for _ in texts[0]]
    lines = [nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in line)) for line in texts]
    group += nodes.thead("", lines[0])
    group += nodes.tbody("", *lines[1:])
    return nodes.table("", group)


def drawn_for(target: Path) -> None:
    """Write the picture."""
    from matplotlib.figure import Figure

    found = ratios(SOURCE.read_text(encoding="utf-8"))
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    axes = figure.subplots(1, len(found), sharey=True)
    for ax, (cell, contestants) in zip(axes, found.items(), strict=True):
        for (label, name), marker in zip(PEERS.items(), "osv^D", strict=True):
            if name in contestants and label != "Keras, graph":
                sizes = contestants[name]
                ax.plot(list(sizes), list(sizes.values()), marker=marker, label=label)
        ax.axhline(1, color="0.4", lw=1)
        ax.set_title(cell if cell == "tanh" else cell.upper(), loc="left")
        ax.set_yscale("log")
        ax.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        ax.minorticks_off()
        ax.tick_params(axis="x", rotation=45)
    axes[0].set(ylabel="time / ours")
    figure.supxlabel("(batch, hidden)", fontsize="medium")
    handles = {text: handle for ax in axes for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=len(handles))
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120)


def draw(app: Any) -> None:
    """Write ``_build/speed.png``, if the results are newer."""
    target = Path(app.srcdir) / "_build" / "speed.png"
    if not target.exists() or target.stat().st_mtime < max(SOURCE.stat().st_mtime, Path(__file__).stat().st_mtime):
        drawn_for(target)


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directive and the roles, and draw before anything is read."""
    app.add_directive("speed", Speed)
    app.add_role("speed", role)
    app.add_role("faster", role)
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
