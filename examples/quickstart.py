"""Train the report's network on real recordings, look at it, check its gradients: a minute from start to end."""

import matplotlib.pyplot as plt
import numpy as np

from unrolled import data, metrics, plots, rnn

# Seven shoulder exercises by ten people, measured by a smartwatch; two people are kept for the test.
movements = data.load_shoulder_exercises()
train, validation = movements.train.split(0.1, by="person", rng=0)

net = rnn.ManyToOne(rnn.Tanh(50), n_inputs=3, n_classes=7, initializer=rnn.xavier_normal, rng=0)
history = rnn.train(
    net,
    train,
    validation=validation,
    evaluate_training=True,
    optimizer=rnn.SGD(0.01),
    batch_size=30,
    epochs=50,
    early_stopping=rnn.EarlyStopping(patience=10),
    rng=0,
)

# How good is it on people it has never seen?
scores = net.predict_proba(movements.test.X)
top = metrics.top_k_accuracy(movements.test.y, scores, k=(1, 2, 3))
print("top-1, top-2, top-3 on unseen people:", *(f"{value:.3f}" for value in top))

plots.learning_curves(history).savefig("quickstart_curves.png")
plots.confusion_matrix(movements.test.y, scores.argmax(1), movements.classes)
plt.savefig("quickstart_confusion.png")

# Believe no gradient that has not been checked: 20 entries of each parameter, two ways.
print(rnn.check_gradients(net, train.X[:5], train.y[:5], entries=20))

# Every hidden state and every gradient in it can be looked at: where do the gradients vanish?
dA = net.backward(net.forward(train.X[:30]), train.y[:30]).dA
print("norm of dE/dA 0, 50 and 100 steps before the end:", np.linalg.norm(dA[[-1, -51, -101]], axis=(1, 2)))
