"""Squeeze-and-excitation: the gate, and the three blocks the course builds from it.

Every function takes and returns Keras tensors, so the same lines build a network on TensorFlow, JAX or
PyTorch. Keras is imported when a block is first built, never when this file is.
"""

from facelm_helpers.se._blocks import gate, scale, se_inception, se_resnet, senet_blob
from facelm_helpers.se._gate_cost import gate_cost

__all__ = ["gate", "gate_cost", "scale", "se_inception", "se_resnet", "senet_blob"]
