"""Learning curves, confusion matrices, reliability and searches, as matplotlib figures.

Font sizes, line widths and backgrounds are rcParams', so a style sheet or ``rc_context`` restyles them. Two
things are not, because they carry meaning: the color of a curve, from Okabe and Ito's palette, which the
color-blind can tell apart (each curve has a line style of its own too), and the color maps, whose lightness alone
orders the numbers.
"""

from unrolled.plots.confusion import confusion_matrices, confusion_matrix
from unrolled.plots.coordinates import parallel_coordinates
from unrolled.plots.landscape import landscape
from unrolled.plots.learning import learning_curves
from unrolled.plots.reliability import reliability

__all__ = [
    "confusion_matrices",
    "confusion_matrix",
    "landscape",
    "learning_curves",
    "parallel_coordinates",
    "reliability",
]
