"""Errors, speeds and sizes measured into data/results."""
