"""Blends of three people each, the rows that the default faces are drawn from.

No row may rebuild a photograph of one person: each is of three persons, none of whom weighs over a half,
and two files of one photograph count as one person. `blend` asserts it.
"""

import numpy as np
from tqdm.auto import tqdm

ROWS = 4000
PEOPLE = 3  # to a blend
LARGEST_WEIGHT = 0.5
ODD = 0.02  # share of photographs left out because their texture is least like the others'
SAME_PHOTOGRAPH = 0.45  # cosine between two textures from which on they count as one photograph
MOST_CONTRAST = 1.5  # blending takes contrast; each component gets it back, up to this factor


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


def blend(b, c, persons, spread, rng):
    """Rows of shape and texture coefficients, each of three people alike in pose and looks.

    Parameters
    ----------
    b, c : (N, B) and (N, C) arrays
        Coefficients of the photographs in standard deviations.
    persons : (N,) array
    spread : (B,) array
        Standard deviations of the shape components in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    (ROWS, B) and (ROWS, C) arrays
        Sorted by pose.
    """
    _, members = np.unique(persons, return_inverse=True)
    members = join_copies(c, members)
    pose = b[:, :8] * spread[:8]
    looks = c[:, :40] * np.linspace(1, 0.3, 40)
    norms = (c**2).sum(axis=1)
    plain = np.flatnonzero(norms <= np.quantile(norms, 1 - ODD))
    b, c, pose, looks, members = b[plain], c[plain], pose[plain], looks[plain], members[plain]
    turned = np.abs(b[:, 0])
    rank = np.argsort(np.argsort(turned)) / len(turned)
    chance = 1 + 2 * rank**3  # turned heads are rare in photographs: draw them more often
    seeds = rng.choice(len(b), ROWS, replace=False, p=chance / chance.sum())
    rows_b, rows_c, used = [], [], []
    for seed in tqdm(seeds, desc="blends"):
        distance = ((pose - pose[seed]) ** 2).sum(axis=1) / 60 + ((looks - looks[seed]) ** 2).sum(axis=1) / 10
        chosen, near = [seed], []
        for other in np.argsort(distance)[:400]:
            if members[other] not in members[chosen] and members[other] not in members[near]:
                near.append(other)
            if len(near) == 8:
                break
        chosen += list(rng.choice(near, PEOPLE - 1, replace=False))
        weights = rng.dirichlet([3.0] * PEOPLE)
        while weights.max() > LARGEST_WEIGHT:
            weights = rng.dirichlet([3.0] * PEOPLE)
        rows_b.append(weights @ b[chosen])
        rows_c.append(weights @ c[chosen])
        used.append((weights, members[chosen]))
    for weights, who in used:
        assert len(set(who)) >= 3 and weights.max() <= LARGEST_WEIGHT and abs(weights.sum() - 1) < 1e-9
    rows_b, rows_c = np.array(rows_b), np.array(rows_c)
    restore = np.clip(np.std(c, axis=0) / np.std(rows_c, axis=0), 1, MOST_CONTRAST)
    order = np.lexsort((rows_b[:, 1], np.round(rows_b[:, 0] * 4)))
    return rows_b[order], (rows_c * restore)[order]
