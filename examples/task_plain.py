"""A character network as one writes it in an evening: NumPy, a tanh recurrence, a batch of one, Adagrad.

After A. Karpathy's min-char-rnn (2015), from which many have learned. Everything is done step by step, on vectors, and
nothing here is of the library. It is what the library's speed is held against.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


class Plain:
    """The network, and where it stands in the text."""

    def __init__(self, D: int, H: int, rng: np.random.Generator, rate: float = 0.1) -> None:
        shapes = {"Wxh": (H, D), "Whh": (H, H), "Why": (D, H)}
        self.p: dict[str, Floats] = {
            name: (0.01 * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()
        }
        self.p |= {"bh": np.zeros(H, np.float32), "by": np.zeros(D, np.float32)}
        self.memory = {name: np.zeros_like(W) for name, W in self.p.items()}
        self.h: Floats = np.zeros(H, np.float32)
        self.rate = rate

    def loss_and_gradients(self, inputs: list[int], targets: list[int]) -> tuple[float, dict[str, Floats]]:
        """Go through some letters, and back; the state goes on to the next call."""
        p, loss = self.p, 0.0
        hs, ps = [self.h], []
        for x, y in zip(inputs, targets, strict=True):
            h = np.tanh(p["Wxh"][:, x] + p["Whh"] @ hs[-1] + p["bh"])
            scores = p["Why"] @ h + p["by"]
            e = np.exp(scores - scores.max())
            hs.append(h)
            ps.append(e / e.sum())
            loss -= float(np.log(ps[-1][y]))
        d = {name: np.zeros_like(W) for name, W in p.items()}
        dh_next = np.zeros_like(self.h)
        for t in range(len(inputs) - 1, -1, -1):
            dy = ps[t].copy()
            dy[targets[t]] -= 1
            d["Why"] += np.outer(dy, hs[t + 1])
            d["by"] += dy
            dh = p["Why"].T @ dy + dh_next
            draw = (1 - hs[t + 1] * hs[t + 1]) * dh
            d["bh"] += draw
            d["Wxh"][:, inputs[t]] += draw
            d["Whh"] += np.outer(draw, hs[t])
            dh_next = p["Whh"].T @ draw
        self.h = hs[-1]
        return loss, d

    def update(self, inputs: list[int], targets: list[int]) -> float:
        """Take one step of Adagrad on some letters; return their loss in nats."""
        loss, gradients = self.loss_and_gradients(inputs, targets)
        for name, gradient in gradients.items():
            np.clip(gradient, -5, 5, out=gradient)
            self.memory[name] += gradient * gradient
            self.p[name] -= self.rate * gradient / np.sqrt(self.memory[name] + 1e-8)
        return loss

    def train(self, text: list[int], steps: int = 25) -> None:
        """Read a text once."""
        self.h = np.zeros_like(self.h)
        for start in range(0, len(text) - steps, steps):
            self.update(text[start : start + steps], text[start + 1 : start + steps + 1])

    def bits(self, text: list[int]) -> float:
        """Return the bits a letter of a text, read from its beginning."""
        p, h, loss = self.p, np.zeros_like(self.h), 0.0
        for x, y in pairwise(text):
            h = np.tanh(p["Wxh"][:, x] + p["Whh"] @ h + p["bh"])
            scores = p["Why"] @ h + p["by"]
            top = scores.max()
            loss += float(top + np.log(np.exp(scores - top).sum()) - scores[y])
        return loss / (len(text) - 1) / float(np.log(2))
