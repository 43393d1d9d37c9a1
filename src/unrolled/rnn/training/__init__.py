"""Training: the loop, optimizers and their kin, and checkpoints."""
