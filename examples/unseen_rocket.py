"""MiniRocket, in an environment of its own: fit on the windows of a file, and say what others are.

    python -m venv .venv-aeon && .venv-aeon/bin/pip install aeon
    .venv-aeon/bin/python examples/unseen_rocket.py windows.npz said.npz 0

``unseen_people.py --minirocket .venv-aeon/bin/python`` calls it. It needs aeon, and nothing of this library.
"""

import sys
import time

import numpy as np
from aeon.classification.convolution_based import MiniRocketClassifier


def main(windows: str, said: str, seed: int) -> None:
    """Fit on X and y, and write what X_test are, and the seconds of one core that fitting took."""
    with np.load(windows) as file:
        X, y, X_test = file["X"], file["y"], file["X_test"]
    begun = time.process_time()
    rocket = MiniRocketClassifier(random_state=seed, n_jobs=1).fit(X.swapaxes(1, 2), y)
    seconds = time.process_time() - begun
    np.savez(said, y=rocket.predict(X_test.swapaxes(1, 2)), training=rocket.predict(X.swapaxes(1, 2)), seconds=seconds)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
