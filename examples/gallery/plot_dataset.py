"""
What a data set looks like
==========================

A window of each class, and who has how many of which: to be looked at before anything is trained.
"""

from unrolled import data, plots

movements = data.load_shoulder_exercises()
print(movements)
figure = plots.dataset(movements)
