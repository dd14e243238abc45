"""What a training run records: its history, and TensorBoard's event files."""

import time
from pathlib import Path

import numpy as np


class History:
    """Loss and learning rate of every step, and what validation said.

    Attributes
    ----------
    losses : list of float
        Of the data alone, step 0 first.
    penalties : list of float
        What L2 penalties of the weights add to it.
    rates : list of float
        Learning rate.
    validated, scores : list
        After how many steps, and what ``validate`` gave.
    images_per_second : float
        Of the last call of `training.train`.
    """

    LISTS = ("losses", "penalties", "rates", "validated", "scores")

    def __init__(self):
        self.losses, self.penalties, self.rates, self.validated, self.scores = [], [], [], [], []
        self.images_per_second = 0.0

    def __len__(self):
        return len(self.losses)

    @property
    def best(self):
        """The lowest score, or None."""
        return min(self.scores, default=None)

    def arrays(self):
        """The lists as arrays."""
        return {name: np.asarray(getattr(self, name), float) for name in self.LISTS}

    def take(self, arrays):
        """The reverse of `arrays`."""
        for name in self.LISTS:
            getattr(self, name)[:] = arrays[name].tolist()

    def smooth(self, width=20):
        """The losses' running mean over ``width`` steps, shorter by width - 1.

        Examples
        --------
        >>> history = History()
        >>> history.losses = [3.0, 1.0, 2.0]
        >>> history.smooth(2).tolist()
        [2.0, 1.5]
        """
        width = max(1, min(width, len(self.losses)))
        total = np.cumsum(np.concatenate([[0.0], self.losses]))
        return (total[width:] - total[:-width]) / width


class EventLog:
    """Scalars for TensorBoard, written without TensorFlow. Without the tensorboard package it does nothing.

    Parameters
    ----------
    folder : path
        Show it with ``tensorboard --logdir FOLDER``.
    start : int
        Steps already done: on resuming, TensorBoard forgets what a killed run wrote beyond them.
    """

    def __init__(self, folder, start=0):
        self._writer = None
        if folder is None:
            return
        try:
            from tensorboard.compat.proto import event_pb2
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError:
            return
        self._pb = event_pb2
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._writer = EventFileWriter(str(folder))
        if start:
            session = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            now = time.time()
            self._writer.add_event(event_pb2.Event(step=start + 1, wall_time=now, session_log=session))

    def scalars(self, step, **values):
        """Write named numbers of a step."""
        if self._writer:
            from tensorboard.compat.proto.summary_pb2 import Summary

            found = [Summary.Value(tag=tag, simple_value=float(value)) for tag, value in values.items()]
            event = self._pb.Event(step=step, wall_time=time.time(), summary=Summary(value=found))
            self._writer.add_event(event)

    def flush(self):
        """Put what was written so far on disk."""
        if self._writer:
            self._writer.flush()

    def close(self):
        """Finish the file."""
        if self._writer:
            self._writer.close()
