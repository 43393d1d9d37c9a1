"""The C of each cell, readout and head: equations (1) and (2) and their kin, a step at a time.

``@`` stands for the beginning of all names, words in braces for numbers.
"""

from typing import NamedTuple

from unrolled.rnn.cells import GRU, LSTM, Leaky, ReLU, Tanh
from unrolled.rnn.output.heads import Sigmoid, Softmax
from unrolled.rnn.output.numbers import Linear, Poisson
from unrolled.rnn.output.pooling import Max, MeanMax
from unrolled.rnn.output.readouts import EachStep, EveryStep, Last, Mean

SUM = """
/* z += W x */
static inline void @_sum(float *z, const float *W, const float *x, unsigned rows, unsigned columns)
{
    unsigned i, j;
    for (i = 0; i < rows; i++) {
        float sum = z[i];
        for (j = 0; j < columns; j++) {
            sum += *W++ * x[j];
        }
        z[i] = sum;
    }
}
"""

SIGMOID = """
static inline float @_sigmoid(float z)
{
    const float e = expf(z < 0 ? z : -z); /* never overflows */
    return (z < 0 ? e : 1.0f) / (1.0f + e);
}
"""

SIMPLE = """
/* A = {formula}, Z = W_ih x + W_hh A + b_h */
static inline void @_layer_{n}(const float *x)
{
    unsigned i;
    for (i = 0; i < {H}; i++) {
        @_z[i] = @_b_h_{n}[i];
    }
    @_sum(@_z, @_W_ih_{n}, x, {H}, {D});
    @_sum(@_z, @_W_hh_{n}, @_A_{n}, {H}, {H});
    for (i = 0; i < {H}; i++) {
        @_A_{n}[i] = {value};
    }
}
"""

OF_LSTM = """
/* z = W_ih x + W_hh A + b_h, gates i, f, g, o; c = f c + i g; A = o tanh(c) */
static inline void @_layer_{n}(const float *x)
{
    unsigned i;
    for (i = 0; i < 4 * {H}; i++) {
        @_z[i] = @_b_h_{n}[i];
    }
    @_sum(@_z, @_W_ih_{n}, x, 4 * {H}, {D});
    @_sum(@_z, @_W_hh_{n}, @_A_{n}, 4 * {H}, {H});
    for (i = 0; i < {H}; i++) {
        @_c_{n}[i] = @_sigmoid(@_z[{H} + i]) * @_c_{n}[i] + @_sigmoid(@_z[i]) * tanhf(@_z[2 * {H} + i]);
        @_A_{n}[i] = @_sigmoid(@_z[3 * {H} + i]) * tanhf(@_c_{n}[i]);
    }
}
"""

OF_GRU = """
/* gates r, z; n = tanh(W_in x + b_n + r (W_hn A + b_hn)); A = (1 - z) n + z A */
static inline void @_layer_{n}(const float *x)
{
    unsigned i;
    for (i = 0; i < 3 * {H}; i++) {
        @_z[i] = @_b_h_{n}[i];
    }
    for (i = 0; i < {H}; i++) {
        @_z[3 * {H} + i] = @_b_hn_{n}[i];
    }
    @_sum(@_z, @_W_ih_{n}, x, 3 * {H}, {D});
    @_sum(@_z, @_W_hh_{n}, @_A_{n}, 2 * {H}, {H});
    @_sum(@_z + 3 * {H}, @_W_hh_{n} + {candidate}, @_A_{n}, {H}, {H});
    for (i = 0; i < {H}; i++) {
        const float candidate = tanhf(@_z[2 * {H} + i] + @_sigmoid(@_z[i]) * @_z[3 * {H} + i]);
        const float update = @_sigmoid(@_z[{H} + i]);
        @_A_{n}[i] = (1.0f - update) * candidate + update * @_A_{n}[i];
    }
}
"""

CELLS: dict[type, str] = {Tanh: SIMPLE, ReLU: SIMPLE, Leaky: SIMPLE, LSTM: OF_LSTM, GRU: OF_GRU}
SIMPLE_VALUES: dict[type, tuple[str, str]] = {
    Tanh: ("tanh(Z)", "tanhf(@_z[i])"),
    ReLU: ("max(0, Z)", "@_z[i] > 0 ? @_z[i] : 0.0f"),
    Leaky: ("A + {leak} (tanh(Z) - A)", "@_A_{n}[i] + {leak}f * (tanhf(@_z[i]) - @_A_{n}[i])"),
}
SCRATCH: dict[type, int] = {Tanh: 1, ReLU: 1, Leaky: 1, LSTM: 4, GRU: 4}
"""How many numbers a unit of a cell needs during a step."""

HEAD = """
/* y = {formula}, Z = W_ho A + b_o */
static inline void @_head(const float *A, float *y)
{
    unsigned i;
{declared}    for (i = 0; i < {C}; i++) {
        y[i] = @_b_o[i];
    }
    @_sum(y, @_W_ho, A, {C}, {H});
{said}}
"""


class Said(NamedTuple):
    """What a head says of the logits that stand in y: in words, what it declares, and its C."""

    formula: str
    declared: str
    said: str


HEADS: dict[type, Said] = {
    Linear: Said("Z", "", ""),
    Poisson: Said(
        "exp(Z)",
        "",
        """    for (i = 0; i < {C}; i++) {
        y[i] = expf(y[i]);
    }
""",
    ),
    Sigmoid: Said(
        "sigmoid(Z)",
        "",
        """    for (i = 0; i < {C}; i++) {
        y[i] = @_sigmoid(y[i]);
    }
""",
    ),
    Softmax: Said(
        "softmax(Z)",
        "    float most, sum = 0.0f;\n",
        """    most = y[0];
    for (i = 1; i < {C}; i++) {
        most = y[i] > most ? y[i] : most;
    }
    for (i = 0; i < {C}; i++) {
        y[i] = expf(y[i] - most);
        sum += y[i];
    }
    for (i = 0; i < {C}; i++) {
        y[i] /= sum;
    }
""",
    ),
}

COUNTS: dict[type, tuple[str, ...]] = {
    Last: (),
    EachStep: (),
    Mean: ("unsigned long @_steps",),
    Max: ("unsigned long @_steps",),
    MeanMax: ("unsigned long @_steps",),
    EveryStep: ("unsigned long @_steps", "float @_weights_so_far"),
}
"""What a readout counts."""

OF_LAST_STATE = """
    @_head(@_A_{last}, y);
"""

LARGEST = """
    for (i = 0; i < {H}; i++) {
        if (@_steps == 0 || @_A_{last}[i] > @_most[i]) {
            @_most[i] = @_A_{last}[i];
        }
    }
    @_steps++;
"""

READOUTS: dict[type, str] = {
    Last: OF_LAST_STATE,
    EachStep: OF_LAST_STATE,
    Mean: """
    @_steps++;
    for (i = 0; i < {H}; i++) {
        @_total[i] += @_A_{last}[i];
        @_z[i] = @_total[i] / (float)@_steps;
    }
    @_head(@_z, y);
""",
    Max: LARGEST
    + """    @_head(@_most, y);
""",
    MeanMax: LARGEST
    + """    for (i = 0; i < {H}; i++) {
        @_total[i] += @_A_{last}[i];
        @_z[i] = @_total[i] / (float)@_steps;
        @_z[{H} + i] = @_most[i];
    }
    @_head(@_z, y);
""",
    EveryStep: """
    @_head(@_A_{last}, y);
    weight = {weight};
    @_steps++;
    @_weights_so_far += weight;
    for (i = 0; i < {C}; i++) {
        @_total[i] += weight * y[i];
        if (@_weights_so_far > 0) {
            y[i] = @_total[i] / @_weights_so_far;
        }
    }
""",
}


def filled(template: str, **numbers: object) -> str:
    """Return a template with what stands in braces."""
    for name, value in numbers.items():
        template = template.replace("{" + name + "}", str(value))
    return template
