"""Blends of three people each, the rows that the default faces are drawn from.

No row may rebuild a photograph of one person: each is of three persons, none of whom weighs over a half,
and two files of one photograph count as one person. `blend` asserts it. Rows that came out too like any one
photograph all the same are left out (`likeness`).
"""

import numpy as np
from tqdm.auto import tqdm

from facelm_helpers.geometry import eye_aspect_ratio, mouth_aspect_ratio, yaw

ROWS = 4000
PEOPLE = 3  # to a blend
LARGEST_WEIGHT = 0.5
ODD = 0.02  # share of photographs left out because their texture is least like the others'
SAME_PHOTOGRAPH = 0.45  # cosine between two textures from which on they count as one photograph
LIKEST = 0.85  # cosine to a photograph above which a row is left out
LIPS = -2  # the column of the mouth in `features`
STILLS = 5.0  # a sharp still is drawn so much oftener than a soft video frame


def chances(points, stills):
    """How often each photograph is drawn, (N,): sharp ones oftener, and rare poses and expressions.

    Parameters
    ----------
    points : (N, 68, 2) array
    stills : (N,) bool array
    """
    chance = np.where(stills, STILLS, 1.0)
    turned, lids, lips = np.abs(yaw(points)), eye_aspect_ratio(points), mouth_aspect_ratio(points)
    chance *= 1 + 2 * np.clip(turned, 0, 1) ** 2 + 1.5 * (lids < 0.18) + 1.5 * (lips > 0.3)
    return chance / chance.sum()


def join_copies(c, members):
    """Person numbers in which files of one photograph are one person (LFPW holds some posters repeatedly)."""
    unit = (c / np.linalg.norm(c, axis=1, keepdims=True)).astype(np.float32)
    joined = members.copy()
    pairs = 0
    for start in range(0, len(unit), 1000):
        for i, j in np.argwhere(unit[start : start + 1000] @ unit.T > SAME_PHOTOGRAPH) + [start, 0]:
            if joined[i] != joined[j]:
                joined[joined == joined[i]] = joined[j]
                pairs += 1
    print(f"{pairs} people joined with another: the same photograph under two names")
    return joined


def features(points, b, c, spread, sharpness):
    """(N, K): what the people of a blend have to have in common; squared distances of about 1 are near."""
    pose = b[:, :8] * spread[:8] / np.sqrt(60)
    looks = c[:, :40] * np.linspace(1, 0.3, 40) / np.sqrt(10)
    lids = np.clip(eye_aspect_ratio(points), 0, 0.4) / 0.06
    lips = np.clip(mouth_aspect_ratio(points), 0, 0.8) / 0.08
    return np.column_stack([pose, looks, lids, lips, np.log(sharpness) / 0.5])


def blend(b, c, features, persons, chance, rng):
    """Who is in each row, three people alike in pose, expression, looks and sharpness.

    Parameters
    ----------
    b, c : (N, B) and (N, C) arrays
        Coefficients of the photographs in standard deviations.
    features : (N, K) array
    persons : (N,) array
    chance : (N,) array
        Of a photograph to begin a row; sums to 1.
    rng : numpy.random.Generator

    Returns
    -------
    chosen : (ROWS, PEOPLE) int array
        Photographs.
    weights : (ROWS, PEOPLE) array
        They sum to 1. The rows are sorted by pose, then by how far the mouth is open.
    """
    _, members = np.unique(persons, return_inverse=True)
    members = join_copies(c, members)
    norms = (c**2).sum(axis=1)
    plain = np.flatnonzero(norms <= np.quantile(norms, 1 - ODD))
    seeds = rng.choice(plain, ROWS, replace=False, p=chance[plain] / chance[plain].sum())
    chosen, weights = np.empty((ROWS, PEOPLE), int), np.empty((ROWS, PEOPLE))
    known = features[plain].astype(np.float32)
    for row, seed in enumerate(tqdm(seeds, desc="blends")):
        distance = ((known - features[seed].astype(np.float32)) ** 2).sum(axis=1)
        near, met = [], {members[seed]}
        for other in plain[np.argsort(distance)[:400]]:
            if members[other] not in met:
                near.append(other)
                met.add(members[other])
            if len(near) == 6:
                break
        chosen[row] = [seed, *rng.choice(near, PEOPLE - 1, replace=False)]
        weights[row] = rng.dirichlet([3.0] * PEOPLE)
        while weights[row].max() > LARGEST_WEIGHT:
            weights[row] = rng.dirichlet([3.0] * PEOPLE)
    assert all(len(set(who)) >= 3 for who in members[chosen])
    assert weights.max() <= LARGEST_WEIGHT and np.allclose(weights.sum(axis=1), 1)
    rows_b = mix(b, chosen, weights)
    lips = mix(features, chosen, weights)[:, LIPS]
    order = np.lexsort((lips, np.round(rows_b[:, 1] * 2), np.round(rows_b[:, 0] * 4)))
    return chosen[order], weights[order]


def mix(values, chosen, weights):
    """The weighted means (ROWS, K) of the chosen rows of values (N, K)."""
    return sum(weights[:, k, None] * values[chosen[:, k]] for k in range(chosen.shape[1]))


def restored(rows, values, seeds, most):
    """The blends with the spread that the photographs which began them have, in each column.

    Blending takes contrast; each component as a whole gets it back, up to a factor.
    """
    mean = rows.mean(axis=0)
    factor = np.clip(values[seeds].std(axis=0) / np.maximum(rows.std(axis=0), 1e-9), 1, most)
    return mean + (rows - mean) * factor


def likeness(rows, c):
    """The greatest cosine between each row (R, C) and any photograph (N, C): (R,)."""
    rows, c = (np.float32(values / np.linalg.norm(values, axis=1, keepdims=True)) for values in (rows, c))
    return (rows @ c.T).max(axis=1)
