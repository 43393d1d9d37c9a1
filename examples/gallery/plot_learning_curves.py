"""
Learning curves
===============

Loss and accuracy of two learning rates of the report's network, epoch by epoch. The training loss is the mean over the
batches as they were met; with ``evaluate_training`` the training accuracy is measured after each epoch, like that of
the people who are kept for validation.
"""

from unrolled import data, plots, rnn

movements = data.load_shoulder_exercises()
train, validation = movements.train.split(0.25, by="person", rng=0)

histories = {}
for rate in (0.01, 0.1):
    net = rnn.ManyToOne(rnn.Tanh(20), n_inputs=3, n_classes=7, rng=0)
    histories[f"20 units, learning rate {rate}"] = rnn.train(
        net,
        train,
        validation=validation,
        evaluate_training=True,
        optimizer=rnn.SGD(rate),
        epochs=12,
        rng=0,
        progress=False,
    )

figure = plots.learning_curves(histories)
