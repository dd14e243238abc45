"""A class on a hub: a local JupyterHub to try it with, its students, links that bring the course to them."""
