"""
Which learning rate?
====================

A range test: the rate rises from batch to batch, and the loss of a copy of the network says how it does. The
suggestion is where the smoothed loss falls steepest.
"""

from unrolled import data, plots, rnn

movements = data.load_shoulder_exercises()
net = rnn.ManyToOne(rnn.GRU(16), n_inputs=3, n_classes=7, head=rnn.Softmax(), rng=0)
found = rnn.find_learning_rate(
    net, movements.train, optimizer=rnn.Adam(0.001), clip=rnn.ClipNorm(1.0), start=1e-4, steps=80, rng=0
)
print(found.suggestion)
figure = plots.learning_rate(found)
