"""From the notebooks' sources to executed notebooks."""
