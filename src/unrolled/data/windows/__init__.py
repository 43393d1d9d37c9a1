"""From continuous signals to labeled windows."""
