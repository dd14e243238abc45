"""How wrong each method is, on every set that is present: what `tools/measure/bench.py --only accuracy` runs.

All methods are given the same faces, the same boxes, the same jitter and the same turns.
"""

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers import methods, metrics, protocol
from facelm_helpers.landmarks import REGIONS
from tools.measure import face_sets as sets
from tools.measure.changes import CHANGES

BASELINE = "dlib"


def shipped(chosen=None):
    """The methods whose weights are here, the baseline first: name -> aligner.

    Parameters
    ----------
    chosen : list of str, optional
        Only these, and the baseline.
    """
    wanted = [name for name in methods.names() if not chosen or name in chosen]
    found = {}
    for name in dict.fromkeys([BASELINE, *wanted]):
        try:
            found[name] = methods.load(name)
        except FileNotFoundError as error:
            print(f"  {name} is left out: {str(error).split(':')[0].split(' at ')[0]}")
    return found


def measure(aligners, quick=False, names=None, boxes=None):
    """Every aligner on every set.

    Parameters
    ----------
    aligners : dict of name -> Aligner
        The baseline among them.
    quick : bool
        A sample of each set.
    names : list of str, optional
        Sets; all that are present by default.
    boxes : list of str, optional
        Kinds of box, of "tight" and `face_sets.BOXES`; all by default.

    Yields
    ------
    dict
        Set -> what was measured, see `measure_set`; one set at a time.
    """
    for name in tqdm(names or sets.present(), desc="sets", disable=None):
        yield {name: measure_set(sets.load(name, quick), aligners, boxes)}


def measure_set(faces, aligners, boxes=None):
    """Every aligner on one set, in tight boxes and in those of the detectors.

    Parameters
    ----------
    faces : face_sets.Set
    aligners : dict of name -> Aligner
    boxes : list of str, optional
        Kinds of box; all by default.

    Returns
    -------
    dict
        ``faces``, ``missed`` (by dlib's detector, and left out of all that is measured in its boxes),
        ``missed_by_blazeface``, ``groups`` (faces in each, and both missed), and ``methods``: name ->
        ``seen``, ``tight``, ``detector`` (dlib's), ``blazeface``. Of a box: see `figures`; that of dlib's
        detector has also ``changes``: name -> ``nme`` and ``rise`` (see `changes`).
    """
    found = {box: faces.found(box) for box in ("tight", *sets.BOXES)}

    def counts(member):
        missed = {box: int((member & ~found[box]).sum()) for box in sets.BOXES}
        return {
            "faces": int(member.sum()),
            "missed": missed["detector"],
            "missed_by_blazeface": missed["blazeface"],
        }

    result = {
        "about": sets.NAMES.get(faces.name, faces.name),
        **counts(np.ones(len(faces.faces), bool)),
        "groups": {name: counts(member) for name, member in faces.groups.items()},
        "methods": {name: {"seen": sets.seen(name, faces.name)} for name in aligners},
    }
    for box, (test, where, other, other_where) in faces.views.items():
        if box not in (boxes or found) or not (len(test) and len(other)):
            continue
        groups = {name: member[found[box]] for name, member in faces.groups.items()}
        baseline = None
        for name in sorted(aligners, key=lambda name: name != BASELINE):
            aligner = aligners[name]
            bias = protocol.offsets(aligner.predict(other.images, other_where), other.points)
            predicted = aligner.predict(test.images, where)
            record, errors = figures(predicted, test.points, bias, groups, test.persons, baseline)
            baseline = errors if baseline is None else baseline
            result["methods"][name][box] = record
        if box == "detector":
            measure_changes(test, where, aligners, result["methods"])
    return result


def mean_errors(aligner, test, boxes, other, other_boxes):
    """Mean plain and corrected NME in one view of a set; the annotation bias is measured on `other`."""
    bias = protocol.offsets(aligner.predict(other.images, other_boxes), other.points)
    points = aligner.predict(test.images, boxes)
    corrected = protocol.corrected_nme(points, test.points, bias)
    return {"plain": metrics.nme(points, test.points).mean(), "corrected": corrected.mean()}


def measure_changes(test, boxes, aligners, records):
    """Adds what happens to the plain NME in the detector's boxes as the same faces get harder."""
    for change, make in CHANGES.items():
        images, truth, moved = make(test, boxes)
        for name, aligner in aligners.items():
            here = records[name]["detector"]
            worse = metrics.nme(aligner.predict(images, moved), truth).mean()
            here.setdefault("changes", {})[change] = {"nme": worse, "rise": worse / here["nme"] - 1}


def figures(predicted, truth, bias, groups, persons, baseline=None):
    """What is said of one method's predictions in one kind of box.

    Parameters
    ----------
    predicted, truth : (N, 68, 2) arrays
    bias : (68, 2) array
        The method's offsets on other faces.
    groups : dict of name -> (N,) bool
    persons : (N,) array
        Who is on each face: the intervals draw people, since faces of one person err alike.
    baseline : dict, optional
        The second value of this function for the baseline.

    Returns
    -------
    figures : dict
        ``nme``, ``low``, ``high``, ``median``, ``auc``, ``failure_rate``; the same of the corrected errors
        under ``corrected``; each with ``ratio`` to the baseline, ``ratio_low``, ``ratio_high`` and
        ``failure_ratio``; ``regions``; ``groups`` (``faces``, ``nme``, ``corrected``, ratios of both).
    errors : dict
        "plain" and "corrected": (N,) arrays.
    """
    errors = {
        "plain": metrics.nme(predicted, truth),
        "corrected": protocol.corrected_nme(predicted, truth, bias),
    }
    baseline = errors if baseline is None else baseline
    plain, corrected = (_beside(errors[kind], baseline[kind], persons) for kind in ("plain", "corrected"))
    regions = {name: metrics.nme(predicted, truth, points=points).mean() for name, points in REGIONS.items()}
    by_group = {}
    for name, member in groups.items():
        if member.any():
            means = {kind: values[member].mean() for kind, values in errors.items()}
            ratios = {kind: means[kind] / baseline[kind][member].mean() for kind in means}
            by_group[name] = {
                "faces": int(member.sum()),
                "nme": means["plain"], "ratio": ratios["plain"],
                "corrected": means["corrected"], "corrected_ratio": ratios["corrected"],
            }  # fmt: skip
    return plain | {"corrected": corrected, "regions": regions, "groups": by_group}, errors


def summary(errors, persons):
    """``nme``, ``median``, ``auc``, ``failure_rate``, ``low`` and ``high`` of errors (N,)."""
    low, high = metrics.bootstrap(errors, groups=persons)
    return {
        "nme": errors.mean(), "median": np.median(errors),
        "auc": metrics.auc(errors), "failure_rate": metrics.failure_rate(errors), "low": low, "high": high,
    }  # fmt: skip


def _beside(errors, baseline, persons):
    """The `summary` of errors, and their ratios to the baseline's."""

    def ratio(ours, theirs):
        return ours.mean() / theirs.mean()

    found = summary(errors, persons) | {"ratio": ratio(errors, baseline)}
    found["ratio_low"], found["ratio_high"] = metrics.bootstrap(
        errors, ratio, paired=baseline, groups=persons
    )
    failing = metrics.failure_rate(baseline)
    return found | {"failure_ratio": found["failure_rate"] / failing if failing else None}
