"""How long a slider's move takes, from the new state to the two pictures that are sent."""

import time

import numpy as np

from facelm_helpers.widgets._drawing import encode
from facelm_helpers.widgets._session import Session
from facelm_helpers.widgets._view import LIMITS


def measure_redraw(rounds=40, session=None):
    """Milliseconds of one redraw: the picture changed, both methods asked, both overlays drawn and packed.

    The sliders are moved one after the other to places of their whole range, the costliest among them. What
    the browser and the connection to it add is not in here.

    Parameters
    ----------
    rounds : int
    session : Session, optional
        By default the two methods that the page opens with, on the first sample.

    Returns
    -------
    dict
        ``methods`` (the two names), ``median_ms``, ``p95_ms``, ``worst_ms`` by the clock,
        ``cpu_ms`` (median of the processor's time, which a busy machine does not lengthen), ``rounds``.

    Examples
    --------
    >>> measured = measure_redraw(rounds=3, session=Session(first="dlib", second="dlib"))
    >>> measured["rounds"], measured["methods"]
    (3, ['dlib', 'dlib'])
    """
    session = Session() if session is None else session
    rng = np.random.default_rng(0)
    session.redraw()  # the first one loads the methods
    taken, worked = [], []
    for i in range(rounds):
        name = list(LIMITS)[i % len(LIMITS)]
        low, high, _ = LIMITS[name]
        session.move(**{name: float(rng.uniform(low, high))})
        start, work = time.perf_counter(), time.process_time()
        for picture in session.redraw().pictures:
            encode(picture)
        taken.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - work))
    return {
        "methods": list(session.pair), "rounds": rounds,
        "median_ms": round(float(np.median(taken)), 1),
        "p95_ms": round(float(np.quantile(taken, 0.95)), 1),
        "worst_ms": round(float(np.max(taken)), 1),
        "cpu_ms": round(float(np.median(worked)), 1),
    }  # fmt: skip
