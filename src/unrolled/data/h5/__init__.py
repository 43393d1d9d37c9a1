"""Data sets kept in HDF5."""
