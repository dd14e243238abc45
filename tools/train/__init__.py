"""Methods trained: any of them from the command line, and those that ship."""
