"""How wrong the points are: the normalised mean error, and what is made of it.

Errors are fractions of the normaliser (0.05), never percentages. N faces, K points.
"""

from facelm_helpers.metrics._curves import auc, bootstrap, ced, failure_rate, leaderboard
from facelm_helpers.metrics._points import NORMALISERS, nme, normaliser

__all__ = ["NORMALISERS", "auc", "bootstrap", "ced", "failure_rate", "leaderboard", "nme", "normaliser"]
