"""The C header of a network, from its templates: constants, states, and a step of all its parts."""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np

import unrolled
from unrolled.rnn.arrays import Array
from unrolled.rnn.cells import GRU, LSTM, Leaky
from unrolled.rnn.exchange.c_templates import (
    CELLS,
    COUNTS,
    HEAD,
    HEADS,
    READOUTS,
    SCRATCH,
    SIGMOID,
    SIMPLE_VALUES,
    SUM,
    filled,
)
from unrolled.rnn.exchange.layers import Layer, in_float32, step_weights
from unrolled.rnn.many_to_many import ManyToMany
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.heads import Sigmoid
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EveryStep, Mean


def header(net: ManyToOne | ManyToMany, layers: Sequence[Layer], stem: str) -> tuple[str, int, int]:
    """Return the header of a network of one direction, its bytes of constants, and of states and scratch memory.

    Raises
    ------
    ValueError
        If a parameter is not finite in float32.
    """
    constants = _constants(net, layers)
    memory = {"z": max(SCRATCH[type(layer.cell)] * layer.cell.hidden for layer in layers)}
    for n, layer in enumerate(layers):
        memory |= {f"A_{n}": layer.cell.hidden} | ({f"c_{n}": layer.cell.hidden} if type(layer.cell) is LSTM else {})
    readout = net.readout
    counts = COUNTS[type(readout)]
    H = net.widths[-1]
    if type(readout) is EveryStep:
        memory["total"] = net.n_logits
    if type(readout) in (Mean, MeanMax):
        memory |= {"total": H, "z": max(memory["z"], readout.width(H))}
    if type(readout) in (Max, MeanMax):
        memory["most"] = H
    flash = 4 * sum(W.size for W in constants.values())
    ram = 4 * (sum(memory.values()) + len(counts))
    gated = any(type(layer.cell) in (LSTM, GRU) for layer in layers)
    parts = [
        _comment(net, stem, flash, ram),
        f"#ifndef {stem.upper()}_H\n#define {stem.upper()}_H\n\n#include <math.h>\n\n",
        f"#define {stem.upper()}_N_INPUTS {net.n_inputs}\n#define {stem.upper()}_{_counted(net)} {net.n_logits}\n\n",
        *(_array(name, W) for name, W in constants.items()),
        "\n",
        *(f"static float @_{name}[{size}];\n" for name, size in memory.items()),
        *(f"static {count};\n" for count in counts),
        SUM,
        SIGMOID if gated or type(net.head) is Sigmoid else "",
        *(_layer(n, layer) for n, layer in enumerate(layers)),
        filled(filled(HEAD, **HEADS[type(net.head)]._asdict()), C=net.n_logits, H=readout.width(H)),
        _reset(memory, counts),
        _feed(net),
        "\n#endif\n",
    ]
    return "".join(parts).replace("@", stem), flash, ram


def _comment(net: ManyToOne | ManyToMany, stem: str, flash: int, ram: int) -> str:
    upper, longest = stem.upper(), net.readout.longest
    read = [f"{type(net.readout).__name__}()"] if net.answers_once else []
    parts = ", ".join([*(str(cell) for cell in net.cells), *read, type(net.head).__name__])
    said = "numbers" if net.answers == "numbers" else f"probabilities of the {_counted(net)[2:].lower()}"
    when = "as of now" if net.answers_once else "of this step"
    lines = [
        f"{stem}.h: a recurrent network that is fed one step at a time, written by unrolled {unrolled.__version__}.",
        "",
        *textwrap.wrap(f"{parts}; {net.n_inputs} inputs, {net.n_logits} {_counted(net)[2:].lower()}.", 100),
        "",
        f"    float x[{upper}_N_INPUTS], y[{upper}_{_counted(net)}];",
        f"    {stem}_reset();       before each sequence but the first",
        f"    {stem}_feed(x, y);    at each step: y has the {said} {when}",
        "",
        f"Constants: {flash} bytes (flash), and the code. States and scratch memory: {ram} bytes (RAM).",
        "C99, float, no heap; of math.h, expf and tanhf. x must be finite. Include it in one source file.",
    ]
    if longest is not None:
        lines.append(
            f"A sequence has at most {longest} steps: a further one leaves y as it was, and {stem}_feed returns 1."
        )
    return "/* " + "\n".join(f" * {line}".rstrip() for line in lines)[3:] + "\n */\n"


def _counted(net: ManyToOne | ManyToMany) -> str:
    """Return what the header calls the length of y."""
    return "N_OUTPUTS" if net.answers == "numbers" else "N_CLASSES"


def _constants(net: ManyToOne | ManyToMany, layers: Sequence[Layer]) -> dict[str, Array]:
    """Return the arrays that the header holds, by name, in float32."""
    arrays = {
        f"{name}_{n}": W
        for n, layer in enumerate(layers)
        for name, W in vars(layer.directions[0]).items()
        if W is not None
    }
    arrays |= {"W_ho": net.parameters["W_ho"], "b_o": net.parameters["b_o"]}
    weights = step_weights(net.readout)
    if weights is not None:
        arrays["weights"] = weights
    return {name: in_float32(W, name, "rnn.to_c") for name, W in arrays.items()}


def _array(name: str, W: Array) -> str:
    numbers = ", ".join(f"{value}f" for value in W.ravel().astype(str))  # the shortest that give W again
    shape = " x ".join(map(str, W.shape))
    rows = "\n".join(textwrap.wrap(numbers, 112, initial_indent="    ", subsequent_indent="    "))
    return f"static const float @_{name}[{W.size}] = {{ /* {shape} */\n{rows}\n}};\n"


def _layer(n: int, layer: Layer) -> str:
    kind, H = type(layer.cell), layer.cell.hidden
    formula, value = SIMPLE_VALUES.get(kind, ("", ""))
    simple = filled(CELLS[kind], formula=formula, value=value)
    leak = np.float32(layer.cell.leak) if type(layer.cell) is Leaky else ""
    return filled(simple, n=n, H=H, D=layer.n_inputs, leak=leak, candidate=2 * H * H)


def _reset(memory: dict[str, int], counts: Iterable[str]) -> str:
    lines = [
        f"    for (i = 0; i < {size}; i++) {{\n        @_{name}[i] = 0;\n    }}\n"
        for name, size in memory.items()
        if name != "z"
    ]
    lines += [f"    {count.split()[-1]} = 0;\n" for count in counts]
    return f"\n/* begins a new sequence */\nstatic inline void @_reset(void)\n{{\n    unsigned i;\n{''.join(lines)}}}\n"


def _feed(net: ManyToOne | ManyToMany) -> str:
    readout = net.readout
    weighted = type(readout) is EveryStep and readout.weights is not None
    declared = "    unsigned i;\n" if COUNTS[type(readout)] else ""
    declared += "    float weight;\n" if type(readout) is EveryStep else ""
    full = f"    if (@_steps == {readout.longest}) {{\n        return 1;\n    }}\n" if weighted else ""
    layers = [f"    @_layer_{n}({f'@_A_{n - 1}' if n else 'x'});\n" for n in range(len(net.cells))]
    read = filled(
        READOUTS[type(readout)].removeprefix("\n"),
        last=len(net.cells) - 1,
        H=net.widths[-1],
        C=net.n_logits,
        weight="@_weights[@_steps]" if weighted else "1.0f",
    )
    return (
        "\n/* takes a step x, writes what the network says to y, and returns 0 */\n"
        "static inline int @_feed(const float *x, float *y)\n"
        f"{{\n{declared}{full}{''.join(layers)}{read}    return 0;\n}}\n"
    )
