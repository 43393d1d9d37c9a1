"""From hidden states to predictions and the loss: equations (2) and (3)."""
