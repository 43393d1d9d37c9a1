"""Recurrences: one file a cell, its forward and backward passes side by side."""

from unrolled.rnn.cells.tanh import Tanh

__all__ = ["Tanh"]
