"""What a network relies on in a cell, each tried by itself: a method returns what is wrong, in words, or nothing."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.rnn.arrays import Array, Parameters
from unrolled.rnn.cells import Bidirectional
from unrolled.rnn.cells.stack import takes_state
from unrolled.rnn.dropout import Dropout, Masks
from unrolled.rnn.engine.rows import CHUNK
from unrolled.rnn.gradcheck import Given, compared
from unrolled.rnn.many_to_one import ManyToOne
from unrolled.rnn.output.readouts import Last, Mean, Readout
from unrolled.rnn.parts import to_config

T, M, CLASSES = CHUNK + 3, 4, 3
LENGTHS = [T, 3, 1, T - 4]
"""More steps than a pass sums up at once: what is right of one such sum alone is told apart from what is right."""
SAME = 1e-9
"""What two ways of computing the same may differ by, relative to the largest number, in float64."""


class Contract:
    """One cell, sequences for it, and all that is tried."""

    def __init__(self, cell: Any, D: int, rng: np.random.Generator) -> None:
        self.cell, self.D = cell, D
        self.X: Array = rng.standard_normal((M, T, D))
        self.y: Array = rng.integers(0, CLASSES, M)
        self.seed = int(rng.integers(2**31))
        self.masks_from = np.random.default_rng(self.seed)

    def checks(self) -> dict[str, Callable[[], str]]:
        """Return everything else by its name, in the order it is told."""
        causal = {
            "the final state": self.final_state,
            "causality": self.causality,
            "states handed on": self.handed_on,
            "the stream": self.the_stream,
            "truncation": self.truncation,
            "both directions": self.both_directions,
        }
        return {
            "memory used again": self.memory,
            "one sample, one result": self.samples,
            "different lengths": self.lengths,
            "gradients": lambda: self.gradients(Last()),
            "gradients into every state": lambda: self.gradients(Mean(), LENGTHS),
            "gradient in the inputs": self.in_inputs,
            "depth": lambda: _wrong(self._net([self.cell, self.cell], readout=Mean()), self.X, self.y, LENGTHS),
            **(causal if self.cell.causal else {}),
            "dropout on the recurrence": self.recurrent_mask,
            "recording": self.recording,
            "dtypes": self.dtypes,
            "copies, pickles and files": self.copies,
        }

    def _net(
        self, cells: Any = None, dtype: Any = np.float64, readout: Readout | None = None, *, learned: bool = False
    ) -> ManyToOne:
        net = ManyToOne(
            self.cell if cells is None else cells,
            self.D,
            CLASSES,
            readout=readout or Last(),
            initial_state="learned" if learned else "zero",
            rng=self.seed,
            dtype=dtype,
        )
        rng = np.random.default_rng(self.seed)
        for name, b in net.parameters.items():  # biases that are 0 hide what is forgotten of them
            if b.ndim == 1:
                net.parameters[name] = (b + 0.1 * rng.standard_normal(b.shape)).astype(dtype)
        return net

    def a_network(self) -> str:
        """Make one, and run it forward and backward."""
        net = self._net()
        net.loss_and_gradients(self.X, self.y)
        return ""

    def memory(self) -> str:
        """Run one batch, another and the first again, through the same memory."""
        net = self._net()
        first = net.loss_and_gradients(self.X, self.y)
        net.loss_and_gradients(2 * self.X[::-1], self.y, LENGTHS)
        again = net.loss_and_gradients(self.X, self.y)
        if first[0] != again[0]:
            return "a second pass of the same batch has another loss: forward reads what an earlier pass left"
        off = [name for name in first[1] if not np.array_equal(first[1][name], again[1][name])]
        if off:
            return f"a second pass of the same batch has other gradients of {_listed(off)}: backward reads what is left"
        return ""

    def samples(self) -> str:
        """Run a batch, and each sample alone."""
        net = self._net()
        A = net.forward(self.X).A
        for n in range(M):
            if _differ(net.forward(self.X[n : n + 1]).A[:, 0], A[:, n]):
                return "a sample has other states alone than in a batch: forward mixes the samples"
        return ""

    def causality(self) -> str:
        """Change the last steps, and look at the states before them."""
        net, changed = self._net(), self.X.copy()
        changed[:, 4:] += 1
        if _differ(net.forward(changed).A[:5], net.forward(self.X).A[:5]):
            return "states depend on later inputs, though causal is True"
        return ""

    def final_state(self) -> str:
        """Compare what the head and the next sequence are handed with the states at each sample's last step."""
        net = self._net()
        for lengths in (None, LENGTHS):
            forward = net.forward(self.X, lengths)
            last = forward.A[np.full(M, T) if lengths is None else np.array(lengths), np.arange(M)]
            of = "" if lengths is None else " where lengths differ"
            if _differ(forward.state["A"], last):
                return f"final_state is not the state after each sample's last step{of}"
            if _differ(forward.logits, last @ net.parameters["W_ho"].T + net.parameters["b_o"]):
                return f"A_T is not the state after each sample's last step{of}: the head reads another"
        return ""

    def handed_on(self) -> str:
        """Cut sequences in two, and begin the second part with what the first one left."""
        net = self._net()
        whole, first = net.forward(self.X), net.forward(self.X[:, :3])
        second = net.forward(self.X[:, 3:], state=first.state)
        if _differ(second.A[1:], whole.A[4:]):
            return (
                "a sequence cut in two, begun again with the first part's final_state, has other states than the "
                "whole: something that goes on from step to step is not among state_names, or is not read"
            )
        moved = {name: state + 0.1 for name, state in first.state.items()}
        wrong = [name for name, state in moved.items() if self._dstate_is_wrong(net, moved, name, state)]
        return (
            f"the gradient in the state before the first step, dstate, is wrong for {_listed(wrong)}" if wrong else ""
        )

    def _dstate_is_wrong(self, net: ManyToOne, state: dict[str, Array], name: str, array: Array) -> bool:
        def loss(moved: Array) -> float:
            return float(net.backward(net.forward(self.X, state={**state, name: moved}), self.y).loss)

        found = net.backward(net.forward(self.X, state=state), self.y).dstate[name]
        return _is_not_gradient(found, loss, array)

    def the_stream(self) -> str:
        """Feed the steps one by one."""
        net = self._net()
        stream = net.stream(M)
        for t in range(T):
            if _differ(stream.feed(self.X[:, t]), net.forward(self.X[:, : t + 1]).Y_hat):
                return f"states() and forward() differ, from step {t + 1} on: a stream gives other probabilities"
        return self._begun_streaming(net)

    def _begun_streaming(self, net: ManyToOne) -> str:
        """Begin ``states()`` with a state, and look at what it leaves."""
        if not takes_state(self.cell):
            return "states() takes no state: a stream of the network cannot begin with one, tell its own, or be copied"
        first = net.forward(self.X[:, :3]).state
        wanted = net.forward(self.X[:, 3:], state=first)
        said, left = net.predict_proba(self.X[:, 3:], state=first, return_state=True)
        if _differ(said, wanted.Y_hat):
            return "states() does not begin with the state it is given: net.predict(X, state=...) is wrong"
        wrong = [name for name, state in left.items() if _differ(state, wanted.state[name])]
        if wrong:
            return f"states() does not leave in its state what goes on from the last step: {_listed(wrong)} is another"
        return ""

    def lengths(self) -> str:
        """Run sequences of different lengths in one batch, and each alone; what stands behind them is not read."""
        net, padded = self._net(readout=Mean()), self.X.copy()
        for n, length in enumerate(LENGTHS):
            padded[n, length:] = 1e3
        together = net.forward(padded, LENGTHS).Y_hat
        loss, gradients = net.loss_and_gradients(padded, self.y, LENGTHS)
        alone: Parameters = {name: np.zeros_like(gradient) for name, gradient in gradients.items()}
        for n, length in enumerate(LENGTHS):
            x, y = self.X[n : n + 1, :length], self.y[n : n + 1]
            if _differ(net.forward(x).Y_hat[0], together[n]):
                return "a sequence has other probabilities among others of different lengths than alone"
            for name, gradient in net.loss_and_gradients(x, y)[1].items():
                alone[name] += gradient / M
        wrong = [name for name, gradient in gradients.items() if _differ(gradient, alone[name])]
        if wrong:
            return f"gradients of {_listed(wrong)} are others for different lengths than those of the samples alone"
        return "" if np.isfinite(loss) else f"the loss is {loss}"

    def gradients(self, readout: Readout, lengths: list[int] | None = None) -> str:
        """Compare every gradient with numerical ones; of different lengths that in what stands before them, too."""
        return _wrong(self._net(readout=readout, learned=lengths is not None), self.X, self.y, lengths)

    def in_inputs(self) -> str:
        """Compare the gradient in the inputs with central differences."""
        net = self._net(readout=Mean())
        dX = net.backward(net.forward(self.X), self.y).dX
        if _is_not_gradient(dX.transpose(1, 0, 2), lambda X: float(net.loss(X, self.y)), self.X):
            return "dX is not the gradient in the inputs: a layer below would learn from a wrong one"
        return ""

    def truncation(self) -> str:
        """Compare truncated gradients with those of the last steps alone, begun from where the others ended."""
        net = self._net()
        whole = net.loss_and_gradients(self.X, self.y)[1]
        uncut = net.loss_and_gradients(self.X, self.y, bptt_steps=T)[1]
        wrong = [name for name in whole if _differ(uncut[name], whole[name])]
        if wrong:
            return f"bptt_steps of the whole length changes gradients of {_listed(wrong)}"
        for steps in (1, 3):
            cut = net.loss_and_gradients(self.X, self.y, bptt_steps=steps)[1]
            before = net.forward(self.X[:, :-steps]).state
            last = net.backward(net.forward(self.X[:, -steps:], state=before), self.y).gradients
            wrong = [name for name in cut if _differ(cut[name], last[name])]
            if wrong:
                return f"with bptt_steps={steps}, gradients of {_listed(wrong)} are not those of the last {steps} steps"
        return ""

    def both_directions(self) -> str:
        """Check the gradients of a network that reads both ways, where lengths differ."""
        return _wrong(self._net(Bidirectional(self.cell), readout=Mean()), self.X, self.y, LENGTHS)

    def recurrent_mask(self) -> str:
        """Multiply the states on their way to the next step."""
        net = self._net()
        nothing: list[Array | None] = [None] * len(net.widths)

        def loss(keep: float) -> float:
            mask = np.full((M, net.widths[-1]), keep)
            return float(net.loss(self.X, self.y, masks=Masks(nothing, [mask])))

        whole = float(net.loss(self.X, self.y))
        if abs(loss(1.0) - whole) > SAME * abs(whole):
            return "a mask of ones on the recurrence changes the loss"
        if loss(0.0) == whole:
            return "a mask on the recurrence changes nothing: the step's products must read seen, not A_before"
        net = self._net([self.cell, self.cell], learned=True)  # of which the upper one hands a gradient down
        masks = Dropout(layers=0.3, recurrence=0.4).draw(M, net.widths, self.seed, np.float64)
        return _wrong(net, self.X, self.y, LENGTHS, masks)

    def recording(self) -> str:
        """Run a backward pass that records every step beside one that does not."""
        net = self._net(readout=Mean())
        plain = net.loss_and_gradients(self.X, self.y)[1]
        recorded = net.backward(net.forward(self.X), self.y)
        wrong = [name for name in plain if _differ(recorded.gradients[name], plain[name])]
        if wrong:
            return f"a backward pass that records has other gradients of {_listed(wrong)}"
        bias = plain.get("b_h")
        if bias is not None and recorded.delta.shape[2:] == bias.shape and _differ(recorded.delta.sum((0, 1)), bias):
            return "delta is not the gradient in W_ih X_t + b_h: its sum is not the gradient of b_h"
        return ""

    def dtypes(self) -> str:
        """Run a network in float32."""
        net, wide = self._net(dtype=np.float32), self._net()
        forward = net.forward(self.X)
        if forward.A.dtype != np.float32:
            return f"a float32 network has states of {forward.A.dtype}"
        _, gradients = net.loss_and_gradients(self.X, self.y)
        other = [name for name, gradient in gradients.items() if gradient.dtype != np.float32]
        if other:
            return f"a float32 network has gradients of {gradients[other[0]].dtype} for {_listed(other)}"
        wrong = [
            name
            for name, gradient in wide.loss_and_gradients(self.X, self.y)[1].items()
            if _differ(gradients[name], gradient, 1e-3)
        ]
        return f"gradients of {_listed(wrong)} in float32 are far from those in float64" if wrong else ""

    def copies(self) -> str:
        """Copy it, pickle it, and describe it for a file."""
        net = self._net()
        wanted = net.predict_proba(self.X)
        try:
            pickled = pickle.dumps(net)
        except Exception as error:
            return f"it cannot be pickled: {error}; a class at the top level of a module can"
        for what, twin in (("a pickle", pickle.loads(pickled)), ("a copy", copy.deepcopy(net))):
            if not np.array_equal(twin.predict_proba(self.X), wanted):
                return f"{what} of the network gives other probabilities"
        to_config(self.cell)
        return ""


def _wrong(net: ManyToOne, X: Array, y: Array, lengths: list[int] | None = None, masks: Masks | None = None) -> str:
    """Return which gradients are wrong, in words."""
    given = Given(X, y, lengths, {"masks": masks})
    failed = compared(net, given, 8, np.random.default_rng(0), central=()).failed_complex_step
    if not failed:
        return ""
    check = compared(net, given, 8, np.random.default_rng(0), central=failed)
    both = [name for name in check.central if name in check.failed_central and name in check.failed_complex_step]
    if both:
        name = max(both, key=lambda name: check.complex_step[name])
        return f"gradients of {_listed(both)} are wrong, that of {name} by {check.complex_step[name]:.0e} of its size"
    if check.failed_complex_step:
        return (
            f"gradients of {_listed(check.failed_complex_step)} agree with central differences but not with the "
            "complex step: they are a little wrong, or forward takes an absolute value, a real part or a comparison of "
            "what may be complex"
        )
    return ""


def _differ(a: Array, b: Array, tolerance: float = SAME) -> bool:
    """Tell whether two arrays differ by more than a fraction of their largest entry."""
    if np.shape(a) != np.shape(b):
        return True
    scale = max(float(np.abs(b).max(initial=0)), 1e-3)
    return not bool(np.abs(np.subtract(a, b)).max(initial=0) <= tolerance * scale)


def _is_not_gradient(found: Array, loss: Callable[[Array], float], at: Array) -> bool:
    """Tell whether an array is not a function's gradient, by central differences of fourth order at a few entries."""
    places = np.random.default_rng(0).choice(at.size, min(at.size, 12), replace=False)
    h, wanted = 1e-3, np.empty(len(places))
    for n, place in enumerate(places):
        E = []
        for step in (-2 * h, -h, h, 2 * h):
            moved = at.copy()
            moved.flat[place] += step
            E.append(loss(moved))
        wanted[n] = (8 * (E[2] - E[1]) - (E[3] - E[0])) / (12 * h)
    return found.shape != at.shape or _differ(found.ravel()[places], wanted, 1e-6)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
