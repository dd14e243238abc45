"""The networks of the methods, a function each: shapes in, a Keras model out. They know no data.

Keras is imported when a network is first built, never when this folder is.
"""

from facelm_helpers.networks._cost import cost
from facelm_helpers.networks._score import with_score
from facelm_helpers.networks._senet import OUTPUTS, SIZE, senet

__all__ = ["OUTPUTS", "SIZE", "cost", "senet", "with_score"]
