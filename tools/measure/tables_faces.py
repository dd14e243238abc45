"""Tables of data/face_model.md: the default faces beside real ones, as `judge_face_model` measures."""

from tools.measure.cells import percent, places

DLIB = "dlib on the default faces and on real ones"


def dlib(results):
    """How many faces dlib's detector finds, and how far its points in its own box are from the labels."""
    rows = [["faces", "how many", "found", "mean error", "median", "over 0.08"]]
    for name, found in results.get("face_model", {}).get(DLIB, {}).items():
        if isinstance(found, dict):  # the speed of drawing stands among them
            errors = places(found["nme_mean"]), places(found["nme_median"])
            shares = percent(found["detected"]), percent(found["failure_rate_008"])
            rows.append([name, str(found["faces"]), shares[0], *errors, shares[1]])
    return rows


def looks(results, pair):
    """Quantiles of former, default and real faces; the pair of sets is a key of face_model.json."""
    rows = [["inside the outline", "former faces", "default faces", "real faces", "within reach"]]
    for name, found in results.get("face_model", {}).get(pair, {}).items():
        sets = (found.get(which) for which in ("former", "default", "real"))
        rows.append([name, *map(_triple, sets), percent(found["covered"], 0)])
    return rows


def _triple(values):
    """Three quantiles, each with about three digits.

    >>> _triple([0.061, 14.61, 2475.4]), _triple(None)
    ('0.06 / 14.6 / 2,475', '-')
    """
    if values is None:
        return "-"
    return " / ".join(f"{value:,.{0 if value >= 100 else 1 if value >= 1 else 2}f}" for value in values)


TABLES = {"face_model_dlib": dlib, "face_model_looks": looks}
