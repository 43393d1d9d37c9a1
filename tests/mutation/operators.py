"""Mutants of a source file, by syntax tree: one small change of one statement, call, slice or operator.

No list says what is to be changed, so whatever is written tomorrow is changed as well. A mutant is named by its file,
its function and the source of what is changed, before and after: names that survive moved and reformatted lines.
Messages, annotations, decorators and defaults are left alone; only what stands in a function is changed.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar

import unrolled

Result = TypeVar("Result")

SOURCE = Path(unrolled.__file__).parent

CALLS = {
    "add": "subtract",
    "subtract": "add",
    "multiply": "add",
    "minimum": "maximum",
    "maximum": "minimum",
    "min": "max",
    "max": "min",
    "argmin": "argmax",
    "argmax": "argmin",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "sum": "mean",
    "mean": "sum",
    "floor": "ceil",
    "ceil": "floor",
    "startswith": "endswith",
    "endswith": "startswith",
}
"""Functions and methods, and what is called instead."""

COMMUTE = {"add", "multiply", "maximum", "minimum", "max", "min", "array_equal", "zip", "logaddexp"}
COMMUTE |= {"isinstance", "getattr", "setattr", "hasattr", "zeros", "ones", "empty", "full", "reshape", "transpose"}
COMMUTE |= {"swapaxes"}
"""Calls whose first two arguments are not exchanged: nothing would come of it, or an error at once."""

UNCHANGED = {"copy", "sorted", "reversed", "abs", "set", "strip", "lower", "max", "min", "sum", "round"}
"""Calls in whose place their argument, or their object, is taken as it is."""

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

DOOR = "door "
"""What is before the name of a change of a condition on which nothing but an error hangs."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SETTINGS = {"strict", "name", "error", "dtype", "stacklevel", "encoding", "key"}
"""Keywords that are not left out: checks of what is right already, words of messages, and what cannot go."""


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes
    ----------
    file : str
        Below ``src/unrolled``.
    function : str
        Its name within the file, as in ``Tanh.backward``.
    change : str
        What is done: delete, slice, ...
    before, after : str
        The source of the changed statement or expression, on one line.
    nth : int
        Which of the same ones in this function, from 1.
    """

    file: str
    function: str
    change: str
    before: str
    after: str
    nth: int = 1

    def __str__(self) -> str:
        nth = "" if self.nth == 1 else f" #{self.nth}"
        return f"{self.file} {self.function} {self.change}{nth}: {self.before} -> {self.after}".rstrip()


@dataclass(frozen=True)
class _Site:
    """Where in the tree: which field of which node, and which element of it if it is a list; and what names it."""

    node: ast.AST
    field: str
    place: int | None
    new: ast.AST
    around: ast.AST

    def exchange(self, new: ast.AST) -> ast.AST:
        value = getattr(self.node, self.field)
        if self.place is None:
            setattr(self.node, self.field, new)
            return value  # type: ignore[no-any-return]
        old, value[self.place] = value[self.place], new
        return old  # type: ignore[no-any-return]


class Page:
    """A file's tree, and all its mutants.

    Parameters
    ----------
    file : str
        Below ``src/unrolled``.
    """

    def __init__(self, file: str, source: str | None = None) -> None:
        self.file, self.path = file, SOURCE / file
        self._source = self.path.read_text(encoding="utf-8") if source is None else source
        self._tree = ast.parse(self._source)
        self._sites: dict[Mutant, _Site] = {}
        self._lines: dict[str, list[tuple[str, int]]] = {}
        for function, definition in _functions(self._tree, ""):
            inner = [each for each in ast.walk(definition) if isinstance(each, FUNCTIONS)]
            self._lines.setdefault(function, []).extend((each.name, _first_line(each)) for each in inner)
            for site, change in _changes(definition):
                before = _text(site.around)
                old = site.exchange(site.new)
                after = "" if change == "delete" else _text(site.new if site.around is old else site.around)
                site.exchange(old)
                nth = 1
                while (mutant := Mutant(file, function, change, before, after, nth)) in self._sites:
                    nth += 1
                self._sites[mutant] = site

    @property
    def mutants(self) -> list[Mutant]:
        """All of them, in the order of the source."""
        return list(self._sites)

    def source(self, mutant: Mutant) -> str:
        """Return the file's text, without its comments, with a mutant's change."""
        return self._with(mutant, ast.unparse)

    def _with(self, mutant: Mutant, function: Callable[[ast.Module], Result]) -> Result:
        site = self._sites[mutant]
        old = site.exchange(site.new)
        try:
            return function(self._tree)
        finally:
            site.exchange(old)

    def lines(self, mutant: Mutant) -> list[tuple[str, int]]:
        """Return the names and first lines of the functions with a mutant's function in them, from the outside in."""
        return self._lines[mutant.function]

    def codes(self, mutant: Mutant) -> dict[tuple[str, int], list[CodeType]]:
        """Return the code of every function of the file with a mutant's change, by name and first line."""
        found: dict[tuple[str, int], list[CodeType]] = {}
        waiting = [self._with(mutant, lambda tree: compile(tree, str(self.path), "exec", dont_inherit=True))]
        while waiting:
            for constant in waiting.pop().co_consts:
                if isinstance(constant, CodeType):
                    waiting.append(constant)
                    found.setdefault((constant.co_name, constant.co_firstlineno), []).append(constant)
        return found


@cache
def page(file: str) -> Page:
    """Return the page of a file; it is read once."""
    return Page(file)


def files(*rooms: str) -> list[str]:
    """Return the files of rooms such as ``rnn/engine`` or ``metrics``, or of a file itself, below ``src/unrolled``."""
    found = []
    for room in rooms:
        path = SOURCE / room
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [path.relative_to(SOURCE).as_posix() for path in found]


def _first_line(definition: Any) -> int:
    """Return the line that code says a function begins at: its first decorator's."""
    return min([int(definition.lineno), *(int(each.lineno) for each in definition.decorator_list)])


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {_text(node.test)}"
    return " ".join(ast.unparse(node).split())


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
    """Iterate over the functions of a file and the methods of its classes; those within functions belong to them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield within + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")
        elif isinstance(child, (ast.If, ast.Try)):
            yield from _functions(child, within)


def _changes(function: Any) -> Iterator[tuple[_Site, str]]:
    """Iterate over where, and how."""
    for place, statement in enumerate(function.body):
        yield from _of(statement, function, "body", place, statement)


def _of(
    node: ast.AST, parent: ast.AST, field: str, place: int | None, around: ast.AST, door: str = ""
) -> Iterator[tuple[_Site, str]]:
    """Iterate over the changes of a node and of what is below; ``around`` names what is too small to name itself."""
    if isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.keyword) and node.arg in SETTINGS:
        return
    if not isinstance(node, (ast.Constant, ast.Slice, ast.UnaryOp, ast.Tuple)):
        around = node
    if isinstance(node, ast.If) and all(isinstance(statement, ast.Raise) for statement in node.body):
        door = DOOR
    for change, new in _mutations(node):
        new = ast.fix_missing_locations(ast.copy_location(new, node))
        yield _Site(parent, field, place, new, around), door + change
    for name, value in ast.iter_fields(node):
        if isinstance(node, (*FUNCTIONS, ast.AnnAssign)) and name not in ("body", "value"):
            continue  # annotations, defaults, decorators
        for n, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.UnaryOp) and isinstance(node, ast.Call) and _name(node) == "reshape":
                continue  # whatever is below 0 means what is left
            if isinstance(child, ast.AST) and (not name.startswith("target") or isinstance(child, ast.Subscript)):
                yield from _of(
                    child, node, name, n, around, door if name == "test" or not isinstance(node, ast.If) else ""
                )


def _mutations(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Iterate over the changes of one node, and what stands in its place."""
    for kind, mutations in _KINDS.items():
        if isinstance(node, kind):
            yield from mutations(node)


def _like(node: ast.AST, **fields: Any) -> Any:
    """Return a copy of a node with other fields."""
    return type(node)(**{**dict(ast.iter_fields(node)), **fields})


def _assignment(node: ast.Assign) -> Iterator[tuple[str, ast.AST]]:
    names = [each for target in node.targets for each in getattr(target, "elts", [target])]
    if not all(isinstance(name, ast.Name) for name in names):  # without a first value the name is unknown: no news
        yield "delete", ast.Pass()


def _augmented(node: ast.AugAssign) -> Iterator[tuple[str, ast.AST]]:
    yield "delete", ast.Pass()
    if isinstance(node.op, (ast.Add, ast.Mult, ast.BitOr)):
        yield "assign", ast.Assign(targets=[node.target], value=node.value)
    if type(node.op) in ARITHMETIC and not isinstance(node.op, ast.BitOr):
        yield "arithmetic", _like(node, op=ARITHMETIC[type(node.op)]())


def _expression(node: ast.Expr) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, ast.Call):
        yield "delete", ast.Expr(ast.Name("__class__", ast.Load())) if "super()" in _text(node) else ast.Pass()


def _name(node: ast.Call) -> str:
    """Return the name of what is called, of a method the last one."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    function, name = node.func, _name(node)
    if name in CALLS:
        new: Any = CALLS[name]
        other = _like(function, attr=new) if isinstance(function, ast.Attribute) else _like(function, id=new)
        if isinstance(function, ast.Attribute) or name in ("min", "max", "any", "all"):
            yield "call", _like(node, func=other)
        elif name in ("add", "subtract", "multiply"):  # np.add, held as a local name
            named = ast.Attribute(ast.Name("np", ast.Load()), new, ast.Load())
            yield "call", _like(node, func=named)
    first = node.args[:2]
    if len(first) == 2 and not any(isinstance(argument, ast.Starred) for argument in first):
        a, b = first
        if _text(a) != _text(b):
            if name not in COMMUTE:
                yield "exchange", _like(node, args=[b, a, *node.args[2:]])
            if len(node.args) > 2 and name != "zip":
                yield "repeat", _like(node, args=[a, a, *node.args[2:]])
    for n, keyword in enumerate(node.keywords):
        if keyword.arg is not None and keyword.arg not in SETTINGS:
            yield f"without {keyword.arg}", _like(node, keywords=[*node.keywords[:n], *node.keywords[n + 1 :]])
    if name in UNCHANGED:
        if len(node.args) == 1 and isinstance(function, ast.Name) and not isinstance(node.args[0], ast.Starred):
            if not isinstance(node.args[0], ast.GeneratorExp):
                yield "as it is", node.args[0]
        elif not node.args and isinstance(function, ast.Attribute):
            yield "as it is", function.value


def _slice(node: ast.Slice) -> Iterator[tuple[str, ast.AST]]:
    for bound, sign in (("lower", ast.Add), ("upper", ast.Sub)):
        value = getattr(node, bound)
        if value is not None:
            yield "slice", _like(node, **{bound: None})
            if not isinstance(value, (ast.Constant, ast.UnaryOp)):
                yield "slice", _like(node, **{bound: ast.BinOp(value, sign(), ast.Constant(1))})
    if node.step is not None:
        yield "slice", _like(node, step=None)


def _attribute(node: ast.Attribute) -> Iterator[tuple[str, ast.AST]]:
    if node.attr == "T" and isinstance(node.ctx, ast.Load) and _text(node) != "self.T":  # which is a number of steps
        yield "transpose", node.value


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    formatted = isinstance(node.left, (ast.JoinedStr,)) or (
        isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    )
    joined = isinstance(node.right, (ast.JoinedStr, ast.List, ast.Tuple)) or isinstance(
        node.left, (ast.List, ast.Tuple)
    )
    if type(node.op) in ARITHMETIC and not formatted and not joined:
        yield "arithmetic", _like(node, op=ARITHMETIC[type(node.op)]())
        if isinstance(node.op, ast.Mult):
            yield "arithmetic", _like(node, op=ast.Div())
    if isinstance(node.op, ast.MatMult):
        yield "exchange", _like(node, left=node.right, right=node.left)


def _unary(node: ast.UnaryOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, (ast.USub, ast.Not, ast.Invert)) and not isinstance(node.operand, ast.Constant):
        yield "as it is", node.operand


def _boolean(node: ast.BoolOp) -> Iterator[tuple[str, ast.AST]]:
    yield "boolean", _like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for n in range(len(node.values)):
        others = [*node.values[:n], *node.values[n + 1 :]]
        yield "boolean", others[0] if len(others) == 1 else _like(node, values=others)


def _comparison(node: ast.Compare) -> Iterator[tuple[str, ast.AST]]:
    for n, op in enumerate(node.ops):
        for new in COMPARISONS[type(op)]:
            yield "comparison", _like(node, ops=[*node.ops[:n], new(), *node.ops[n + 1 :]])


def _condition(node: ast.If) -> Iterator[tuple[str, ast.AST]]:
    for value in (True, False):
        yield "condition", _like(node, test=ast.copy_location(ast.Constant(value), node.test))


def _either(node: ast.IfExp) -> Iterator[tuple[str, ast.AST]]:
    yield "condition", node.body
    yield "condition", node.orelse


def _filter(node: ast.comprehension) -> Iterator[tuple[str, ast.AST]]:
    if node.ifs:
        yield "condition", _like(node, ifs=[])


def _constant(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield "constant", ast.Constant(node.value + 1)
    elif isinstance(node.value, float):
        yield "constant", ast.Constant(node.value * 2 if node.value else 1.0)


def _leave(_: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    yield "delete", ast.Pass()


_KINDS: dict[Any, Any] = {
    ast.Assign: _assignment,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Call: _call,
    ast.Slice: _slice,
    ast.Attribute: _attribute,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.If: _condition,
    ast.IfExp: _either,
    ast.comprehension: _filter,
    ast.Constant: _constant,
    (ast.Break, ast.Continue, ast.Delete): _leave,
}
