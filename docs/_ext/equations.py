r"""The directive ``equation``: mathematics, the line of the textbook beside it, and the fast page's below.

::

    ```{equation} section 2.3, line 3
    :fast: tanh.py
    \frac{\partial E}{\partial A^{(t)}} = ...
    ```

Its argument is a tag, as the comments of the source carry it: ``(1)``, ``(L6)``, ``section 2.3, line 3``. The lines are
looked up in the source whenever the page is built; a tag that is on no line stops the build.
"""

import ast
import io
import re
import textwrap
import tokenize
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).parents[2] / "src"
TEXTBOOK = SOURCE / "unrolled" / "textbook.py"
NUMBER = re.compile(r"\(([LG]?\d+)\)")
LINES = re.compile(r"section 2\.3, lines? (\d(?:, \d)*)")
CONTEXT = 5
"""So many untagged statements at most are shown before a tagged one of a fast page."""


@dataclass(frozen=True)
class Tagged:
    """A statement that carries a tag.

    Attributes
    ----------
    path : Path
    name : str
        The function it stands in, such as ``Tanh.backward``.
    first, last : int
        Its lines.
    code : str
        The statement, and what stands before it in its block up to the last tag.
    marked : list of int
        Which lines of ``code`` are the statement itself, from 1.
    """

    path: Path
    name: str
    first: int
    last: int
    code: str
    marked: list[int]


def tags_of(comment: str) -> list[str]:
    """Return the tags of a comment in the form of the directive's argument."""
    lines = [f"section 2.3, line {n}" for each in LINES.findall(comment) for n in each.split(", ")]
    return [f"({n})" for n in NUMBER.findall(comment)] + lines


@cache
def tagged_lines(path: Path) -> dict[int, list[str]]:
    """Return the tags of every line of a page that has some."""
    with path.open("rb") as file:
        source = file.read().decode()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = ((token.start[0], tags_of(token.string)) for token in tokens if token.type == tokenize.COMMENT)
    return {line: tags for line, tags in comments if tags}


def find(tag: str, path: Path, context: int) -> list[Tagged]:
    """Return the statements of a page that carry a tag."""
    at = tagged_lines(path)
    wanted = [line for line, tags in at.items() if tag in tags]
    if not wanted:
        return []
    source = path.read_text(encoding="utf-8")
    found = []

    def visit(node: ast.AST, name: str) -> None:
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for i, each in enumerate(block):
                inner = ".".join(filter(None, [name, getattr(each, "name", "")]))
                if hasattr(each, "body"):
                    visit(each, inner if isinstance(each, ast.FunctionDef | ast.ClassDef) else name)
                elif any(each.lineno <= line <= each.end_lineno for line in wanted):
                    found.append(statement(block, i, name))

    def statement(block: list[Any], i: int, name: str) -> Tagged:
        first, last = block[i].lineno, block[i].end_lineno
        start = i
        while start > 0 and i - start < context and not hasattr(block[start - 1], "body"):
            before = block[start - 1]
            if isinstance(before, ast.Expr) and isinstance(before.value, ast.Constant):
                break  # a docstring
            if any(line in at for line in range(before.lineno, before.end_lineno + 1)):
                break
            start -= 1
        top = block[start].lineno
        code = textwrap.dedent("\n".join(source.splitlines()[top - 1 : last]))
        return Tagged(path, name, first, last, code, list(range(first - top + 1, last - top + 2)))

    visit(ast.parse(source), "")
    return found


def listing(tagged: Tagged, mark: bool) -> nodes.Element:
    """Return the lines, and above them where they stand."""
    place = tagged.path.relative_to(SOURCE).as_posix()
    lines = f"line {tagged.first}" if tagged.first == tagged.last else f"lines {tagged.first} to {tagged.last}"
    caption = nodes.paragraph(classes=["equation-place"])
    link = nodes.inline("", "", nodes.literal("", place), classes=["equation-page"])
    link["module"], link["function"] = place.removesuffix(".py").replace("/", "."), tagged.name
    caption += [link, nodes.Text(f", {lines}, in "), nodes.literal("", tagged.name)]
    code = nodes.literal_block(tagged.code, tagged.code, language="python")
    if mark and len(tagged.marked) < len(tagged.code.splitlines()):
        code["highlight_args"] = {"hl_lines": tagged.marked}
    return nodes.container("", caption, code, classes=["equation-code"])


class Equation(SphinxDirective):
    """Mathematics with its lines of code, found by tag."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"fast": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return the equation, the textbook's line, and those of the fast pages, one a page."""
        tag = self.arguments[0]
        self.env.note_dependency(str(TEXTBOOK))
        textbook = find(tag, TEXTBOOK, 0)
        if len(textbook) != 1:
            raise self.error(f"{tag} is on {len(textbook)} lines of the textbook, expected one")
        names = self.options.get("fast", "").split()
        pages = sorted((SOURCE / "unrolled" / "rnn").rglob("*.py"))
        fast = [each for page in pages if not names or page.name in names for each in find(tag, page, CONTEXT)]
        missing = set(names) - {each.path.name for each in fast}
        if missing or not fast:
            raise self.error(f"{tag} is on no line of {', '.join(sorted(missing)) or 'any fast page'}")

        latex = "\n".join(self.content)
        math = nodes.math_block(latex, latex, nowrap=False, number=None, label=None, docname=self.env.docname)
        number = nodes.paragraph("", tag, classes=["equation-tag"])
        target = nodes.make_id("equation " + tag)
        left = nodes.container("", number, math, classes=["equation-mathematics"])
        beside = nodes.container("", left, listing(textbook[0], mark=False), classes=["equation-beside"])
        whole = nodes.container("", beside, classes=["equation"], ids=[target])
        for path, group in groupby(fast, key=lambda each: each.path):
            self.env.note_dependency(str(path))
            hits = list(group)
            whole += [listing(each, mark=True) for each in hits if each.name == hits[0].name]
        return [whole]


def link_to_source(app: Any, doctree: nodes.document, docname: str) -> None:
    """Turn the names of pages into links to their source, where viewcode has it."""
    modules = getattr(app.env, "_viewcode_modules", {})
    for each in doctree.findall(lambda node: isinstance(node, nodes.inline) and "module" in node):
        entry = modules.get(each["module"])
        if entry and app.builder.format == "html":
            uri = app.builder.get_relative_uri(docname, f"_modules/{each['module'].replace('.', '/')}")
            known = entry[1] if len(entry) > 1 else {}
            anchor = f"#{each['function']}" if each["function"] in known and each["function"] in entry[2] else ""
            reference = nodes.reference("", "", *each.children, internal=True, refuri=uri + anchor)
            each.replace_self(reference)
        else:
            each.replace_self(each.children)


def forget_builtins(app: Any) -> list[Any]:
    """Take modules without source from viewcode's list, whose index would link to their pages."""
    modules = getattr(app.env, "_viewcode_modules", {})
    for name in [name for name, entry in modules.items() if not entry]:
        del modules[name]
    return []


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("equation", Equation)
    app.connect("doctree-resolved", link_to_source)
    app.connect("html-collect-pages", forget_builtins, priority=100)  # before viewcode's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
