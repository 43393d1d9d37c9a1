"""
Learning curves
===============

Loss and accuracy of a training, batch by batch seen, epoch by epoch measured, on training and validation people. Two
learning rates of the report's network side by side.
"""

from unrolled import data, plots, rnn

movements = data.load_shoulder_exercises()
train, validation = movements.train.split(0.25, by="person", rng=0)

histories = {}
for rate in (0.01, 0.1):
    net = rnn.ManyToOne(rnn.Tanh(20), n_inputs=3, n_classes=7, rng=0)
    histories[f"rate {rate}"] = rnn.train(
        net, train, validation=validation, optimizer=rnn.SGD(rate), epochs=12, rng=0, progress=False
    )

figure = plots.learning_curves(histories)
