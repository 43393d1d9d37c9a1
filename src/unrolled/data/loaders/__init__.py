"""One file a format or data set, each with its reader."""
