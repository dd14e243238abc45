"""The helpers that the notebooks of the face alignment course import.

Import what you need by name, ``from facelm_helpers import landmarks, metrics``: nothing is loaded until it is
asked for, so TensorFlow starts only in the lessons that train a network.

Floors, ground first, each importing only those below it: ``paths``; ``landmarks``, ``images``, ``se``;
``metrics``, ``faces``, ``face3d``; ``detectors``; ``augment``, ``sources``; ``tfrecords``; ``networks``,
``training``, ``freezing``; ``methods``; ``applications``, ``plots``; ``widgets``, ``checks``.
"""

__version__ = "0.1.0"
