"""Checks of the exercises in notebook 06, and the course's own answers, used until a check passes."""

import numpy as np

from facelm_helpers.boxes import overlap, suppress
from facelm_helpers.checks._judged import judged
from facelm_helpers.checks._ready import by_check
from facelm_helpers.checks._verdict import Verdict, itself, kindly, unanswered, untried


def _multi_task_loss(truth, output, weights):
    points, pose, mouth = _losses(truth, output)
    return points + weights[0] * pose + weights[1] * mouth


def _losses(truth, output):
    """The three losses (N,): of the points, of the pose, of the mouth."""
    import tensorflow as tf

    points = tf.reduce_mean(tf.abs(output[:, :136] - truth[:, :136]), axis=1)
    classes = tf.cast(truth[:, 136], tf.int32)
    pose = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, output[:, 136:141])
    return points, pose, tf.nn.sigmoid_cross_entropy_with_logits(truth[:, 137], output[:, 141])


def _mistaken(truth, output, weights):
    """What comes out where a step of the loss is wrong: message -> (N,) array."""
    import tensorflow as tf

    right = [loss.numpy() for loss in _losses(truth, output)]
    d, (pose, mouth) = (output - truth[:, :1] * 0)[:, :136] - truth[:, :136], weights

    def total(points=right[0], turned=right[1], opened=right[2], a=pose, b=mouth):
        return np.asarray(points + a * turned + b * opened)

    softmax = tf.nn.softmax(output[:, 136:141])
    twice = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(truth[:, 136], tf.int32), softmax)
    sigmoid = tf.sigmoid(output[:, 141])
    opened_twice = tf.nn.sigmoid_cross_entropy_with_logits(truth[:, 137], sigmoid)
    as_points = tf.abs(truth[:, 137] - sigmoid)
    return {
        "The tasks count in full: multiply each by its weight.": total(a=1, b=1),
        "The two weights have changed places: the first is the pose's.": total(a=mouth, b=pose),
        "The mouth is missing.": total(b=0),
        "The pose is missing.": total(a=0),
        "Only the points count: add the two tasks.": total(a=0, b=0),
        "The points are missing.": total(points=0),
        "The points' errors are squared: take absolute values.": total(points=np.mean(d**2, axis=1)),
        "The points' errors are added up: take their mean over the 136 numbers.": total(
            points=np.sum(np.abs(d), axis=1)
        ),
        "The pose gets probabilities where logits are wanted: leave the softmax out.": total(turned=twice),
        "The mouth gets a probability where a logit is wanted: leave the sigmoid out.": total(
            opened=opened_twice
        ),
        "The mouth is compared as a number: take its cross-entropy.": total(opened=as_points),
        "A cross-entropy is minus the logarithm of a probability: the sign of the tasks is wrong.": total(
            a=-pose, b=-mouth
        ),
    }


@kindly
def multi_task_loss(answer):
    """Exercise 1: a function of truth (N, 138), output (N, 142), weights (2,): the loss of each face, (N,).

    >>> multi_task_loss(_multi_task_loss)
    ✔ Right. One number a face: points, and two tasks in their weights.
    >>> multi_task_loss(lambda truth, output, weights: _losses(truth, output)[0])
    ✘ Not yet. Only the points count: add the two tasks.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 1, (7, 138))
    truth[:, 136], truth[:, 137] = rng.permutation(7) % 5, np.arange(7) % 2
    output = np.concatenate([truth[:, :136] + rng.normal(0, 0.1, (7, 136)), rng.normal(0, 2, (7, 6))], axis=1)
    truth, output, weights = np.float32(truth), np.float32(output), np.float32([0.3, 0.05])
    given = tf.constant(truth), tf.constant(output), tf.constant(weights)
    found, expected = answer(*given), _multi_task_loss(*given).numpy()
    if untried(found):
        return unanswered(found)
    if np.ndim(found) == 0:
        return Verdict("wrong", f"One loss a face is wanted, {expected.shape}; yours is one number for all.")
    hint = "Look at each of the three losses alone: what are its shape and its first value?"
    verdict = judged(found, expected, _mistaken(truth, output, weights), 1e-4, hint)
    if not verdict:
        return verdict
    try:
        tf.function(itself(answer))(*given)
    except Exception:
        told = "tf.function cannot make a graph of it: use TensorFlow's functions, not NumPy's or Python's."
        return Verdict("wrong", f"The numbers are right, but {told}")
    return Verdict("right", "One number a face: points, and two tasks in their weights.")


REPORTS = 20
BEST = 7  # the report at which the overfitting task is best


def _goes_on(train, held_out):
    return len(held_out) - int(np.argmin(held_out)) <= 4


def _past():
    """Name -> losses (REPORTS,) of a task on training and on held-out faces, as they might be."""
    t, rng = np.arange(REPORTS), np.random.default_rng(4)
    falling = 0.3 + 1.3 * np.exp(-t / 9)
    over = 0.9 * np.exp(-t / 4)
    best = 0.7 + 0.9 * np.exp(-t / 2.5) + 0.045 * np.maximum(t - BEST + 1, 0)
    return {
        "still learning": (falling, falling + 0.1),
        "learning, with noise": (falling, (falling + 0.15) * (1 + 0.035 * rng.normal(size=REPORTS))),
        "overfitting": (over, best * (1 + 0.01 * rng.normal(size=REPORTS))),
    }


def _stops(rule, train, held_out):
    """The number of the first report after which a task is stopped, or None."""
    for count in range(1, REPORTS + 1):
        told = rule(list(map(float, train[:count])), list(map(float, held_out[:count])))
        if untried(told):
            raise LookupError(told)
        if not bool(told):
            return count
    return None


@kindly
def goes_on(answer):
    """Exercise 2: a function of a task's past losses, on training and held-out faces: does the task go on?

    Any rule is right that stops a task that overfits, soon after its best report, and no task that learns.

    >>> goes_on(_goes_on).state, goes_on(lambda train, held_out: True).state
    ('right', 'wrong')
    """
    first = answer([1.0], [1.0])
    if untried(first):
        return unanswered(first)
    stops = {name: _stops(answer, *losses) for name, losses in _past().items()}
    told = "; ".join(f"{name}: {f'report {stop}' if stop else 'never'}" for name, stop in stops.items())
    told = f"Your rule stops three tasks of {REPORTS} reports at: {told}."
    if stops["still learning"] or stops["learning, with noise"]:
        return Verdict("wrong", f"{told} The first two still learn: a single worse report is no reason.")
    if stops["overfitting"] is None:
        return Verdict("wrong", f"{told} The third is best on held-out faces at report {BEST}, then worse.")
    if not BEST < stops["overfitting"] <= BEST + 8:
        when = "soon" if stops["overfitting"] <= BEST else "late"
        return Verdict("wrong", f"{told} The third is best at report {BEST}: that is too {when}.")
    return Verdict("right", f"{told} The third was best at report {BEST}.")


def _nms(boxes, scores, most):
    return suppress(boxes, scores, most)


def _by_every_surer(boxes, scores, most):
    """The mistake: boxes that are gone still suppress."""
    order, kept = np.argsort(-scores), []
    for k, i in enumerate(order):
        if k == 0 or overlap(boxes[i], boxes[order[:k]]).max() <= most:
            kept.append(i)
    return np.array(kept)


@kindly
def nms(answer):
    """Exercise 3: a function of boxes (N, 4), scores (N,) and most: the indices that stay, the surest first.

    >>> nms(_nms)
    ✔ Right. One box a face, the surest.
    >>> nms(lambda boxes, scores, most: np.argsort(-scores))
    ✘ Not yet. Every box stays: leave out those that overlap a kept one by more than most.
    """
    rng = np.random.default_rng(0)
    for count, most in ((40, 0.5), (40, 0.3), (1, 0.5), (0, 0.5)):
        corner = rng.uniform(0, 60, (count, 2))
        boxes, scores = (
            np.concatenate([corner, corner + rng.uniform(25, 35, (count, 2))], 1),
            rng.random(count),
        )
        found, expected = answer(boxes, scores, most), suppress(boxes, scores, most)
        if found is None or found is Ellipsis:
            return unanswered(found)
        found = np.asarray(found)
        if not count:
            if found.size:
                return Verdict("wrong", "No boxes give no indices: an empty list.")
            continue
        if found.ndim == 2:
            return Verdict("wrong", "Those are boxes: wanted are their indices, such as [3, 0].")
        if found.dtype == bool:
            return Verdict("wrong", "That is yes or no for each box: wanted are indices, the surest first.")
        surer, every = _by_every_surer(boxes, scores, most), np.argsort(-scores)
        mistakes = {
            "Every box stays: leave out those that overlap a kept one by more than most.": every,
            "The least sure boxes stay: begin with the surest.": suppress(boxes, -scores, most),
            "The right boxes, in another order: the surest first.": np.sort(expected),
            "The right boxes, in another order: the surest first, not last.": expected[::-1],
            "Boxes that are gone still suppress others: only kept ones do.": surer,
            "Only one box stays: go on with those that do not overlap it.": expected[:1],
        }
        hint = "Take the surest, drop what overlaps it by more than most, and go on with what is left."
        if not (verdict := judged(found, expected, mistakes, hint=hint)):
            return verdict
    return Verdict("right", "One box a face, the surest.")


OURS = {multi_task_loss: _multi_task_loss, goes_on: _goes_on, nms: _nms}
ready = by_check(OURS)
