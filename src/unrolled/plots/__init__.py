"""Learning curves, confusion matrices, reliability, searches and what the instruments measure, as matplotlib figures.

Font sizes, line widths and backgrounds are rcParams', so a style sheet or ``rc_context`` restyles them. Two
things are not, because they carry meaning: the color of a curve, from Okabe and Ito's palette, which the
color-blind can tell apart (each curve has a line style of its own too), and the color maps, whose lightness alone
orders the numbers.
"""

from unrolled.plots.animation import animate
from unrolled.plots.confusion import confusion_matrices, confusion_matrix
from unrolled.plots.coordinates import parallel_coordinates
from unrolled.plots.dataset import dataset
from unrolled.plots.gates import gates
from unrolled.plots.landscape import landscape
from unrolled.plots.learning import learning_curves
from unrolled.plots.profiles import gradient_profile
from unrolled.plots.rates import learning_rate
from unrolled.plots.records import recorded
from unrolled.plots.reliability import reliability
from unrolled.plots.series import confusion_over_time, forecast, over_time, valid_steps
from unrolled.plots.slices import loss_slice
from unrolled.plots.spectra import eigenvalues, lyapunov_spectrum
from unrolled.plots.state_space import state_space

__all__ = [
    "animate",
    "confusion_matrices",
    "confusion_matrix",
    "confusion_over_time",
    "dataset",
    "eigenvalues",
    "forecast",
    "gates",
    "gradient_profile",
    "landscape",
    "learning_curves",
    "learning_rate",
    "loss_slice",
    "lyapunov_spectrum",
    "over_time",
    "parallel_coordinates",
    "recorded",
    "reliability",
    "state_space",
    "valid_steps",
]
