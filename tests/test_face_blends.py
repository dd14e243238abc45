"""The rule of the face model: a row is of three people, and nobody weighs over a half."""

import numpy as np
import pytest

from tools.data import face_blends


@pytest.fixture
def photographs(monkeypatch):
    monkeypatch.setattr(face_blends, "ROWS", 120)
    rng = np.random.default_rng(0)
    n = 300
    b, c = rng.normal(size=(n, 10)), rng.normal(size=(n, 60))
    c[1] = c[0] + 0.01  # the same photograph under two names
    persons = np.arange(n) // 2
    persons[[0, 1]] = 900, 901
    return b, c, c[:, :5], persons, np.full(n, 1 / n)


def test_rows_are_of_three_people_and_nobody_weighs_over_a_half(photographs):
    b, c, features, persons, chance = photographs
    chosen, weights = face_blends.blend(b, c, features, persons, chance, np.random.default_rng(1))
    assert chosen.shape == weights.shape == (120, 3)
    assert weights.min() > 0 and weights.max() <= 0.5 and weights.sum(axis=1) == pytest.approx(1)
    who = persons[chosen]
    who[who == 901] = 900
    assert all(len(set(row)) == 3 for row in who)
    rows = face_blends.mix(b, chosen, weights)
    assert rows[7] == pytest.approx(weights[7] @ b[chosen[7]])


def test_contrast_comes_back_up_to_a_factor(photographs):
    b, c, features, persons, chance = photographs
    chosen, weights = face_blends.blend(b, c, features, persons, chance, np.random.default_rng(1))
    rows = face_blends.mix(c, chosen, weights)
    full = face_blends.restored(rows, c, chosen[:, 0], 10)
    assert full.std(axis=0) == pytest.approx(np.maximum(c[chosen[:, 0]].std(axis=0), rows.std(axis=0)))
    little = face_blends.restored(rows, c, chosen[:, 0], 1.1)
    assert (little.std(axis=0) <= 1.1 * rows.std(axis=0) + 1e-9).all()
    assert little.mean(axis=0) == pytest.approx(rows.mean(axis=0))


def test_likeness_is_the_greatest_cosine():
    photographs = np.array([[1.0, 0], [0, 3.0]])
    assert face_blends.likeness(np.array([[2.0, 0], [1, 1]]), photographs) == pytest.approx([1, 2**-0.5])
