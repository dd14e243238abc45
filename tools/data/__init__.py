"""Data sets fetched, the authors' photographs read, the face model built."""
