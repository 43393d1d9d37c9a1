"""Learning curves, confusion matrices and searches, as matplotlib figures.

Font sizes, line widths and backgrounds are rcParams', so a style sheet or ``rc_context`` restyles them. Two
things are not, because they carry meaning: the colour of a curve, from Okabe and Ito's palette, which the
colour-blind can tell apart (each curve has a line style of its own too), and the colour maps, whose lightness alone
orders the numbers.
"""

from unrolled.plots.confusion import confusion_matrices, confusion_matrix
from unrolled.plots.coordinates import parallel_coordinates
from unrolled.plots.landscape import landscape
from unrolled.plots.learning import CurveLike, HistoryLike, learning_curves

__all__ = [
    "CurveLike",
    "HistoryLike",
    "confusion_matrices",
    "confusion_matrix",
    "landscape",
    "learning_curves",
    "parallel_coordinates",
]
