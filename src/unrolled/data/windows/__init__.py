"""From continuous signals to labelled windows."""
