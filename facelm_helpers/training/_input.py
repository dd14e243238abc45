"""Batches of augmented crops, made ahead of time by background threads."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from facelm_helpers.augment import random_crops

PIXEL = np.float32(1 / 255)


def scaled(crops):
    """uint8 pixels as float32 in 0..1: what the networks of the course are given.

    Examples
    --------
    >>> scaled(np.array([0, 51, 255], np.uint8)).round(3).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    return np.multiply(crops, PIXEL, dtype=np.float32)


def face_batches(faces, batch_size=64, seed=0, size=128, margin=1.5, strength=None):
    """A function that makes the batch of any step: the same step gives the same batch, whenever it is asked.

    The faces are gone through in a new order every epoch, and every crop is augmented anew.

    Parameters
    ----------
    faces : FaceSet
        With points.
    batch_size : int
    seed : int
    size : int
        Side of the crops in pixels.
    margin : float
        As in `faces.crop`.
    strength : augment.Strength, optional
        How strongly to augment; ``Strength.none()`` for not at all.

    Returns
    -------
    function
        step -> (x, y): (B, size, size, 3) float32 in 0..1 and (B, 136) float32, crop pixels / size.

    Raises
    ------
    ValueError
        If the faces are none, or have no points.

    Examples
    --------
    >>> from facelm_helpers.faces import FaceSet
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 255, (4, 64, 64, 3), dtype=np.uint8)
    >>> batch = face_batches(FaceSet(images, rng.uniform(10, 50, (4, 68, 2))), batch_size=3, size=32)
    >>> [part.shape for part in batch(7)]
    [(3, 32, 32, 3), (3, 136)]
    """
    if len(faces) == 0 or faces.points is None:
        raise ValueError(f"{len(faces)} faces, points {faces.points is not None}: wanted faces with points")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: wanted at least 1")

    @lru_cache(maxsize=4)
    def order(epoch):
        return np.random.default_rng([seed, 0, epoch]).permutation(len(faces))

    def batch(step):
        places = np.arange(step * batch_size, (step + 1) * batch_size)
        chosen = np.array([order(place // len(faces))[place % len(faces)] for place in places])
        crops, points = random_crops(faces[chosen], [seed, 1, step], size, margin, strength)
        return scaled(crops), (points / size).reshape(batch_size, -1).astype(np.float32)

    return batch


def prefetch(batches, start, stop, ahead=4, threads=2):
    """The batches of steps start to stop - 1 in order, ``ahead`` of them made while the last one is used.

    The threads do not change what comes out, since a batch depends on its step alone.

    Examples
    --------
    >>> list(prefetch(lambda step: step * step, 2, 6))
    [4, 9, 16, 25]
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="batches")
    waiting, steps = deque(), iter(range(start, stop))
    try:
        for step in steps:
            waiting.append(pool.submit(batches, step))
            if len(waiting) == ahead:
                break
        while waiting:
            batch = waiting.popleft().result()
            for step in steps:
                waiting.append(pool.submit(batches, step))
                break
            yield batch
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
