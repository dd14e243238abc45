"""3DDFA: pose and shape of a 3D face, regressed from the crop."""

from facelm_helpers import face3d, networks, training
from facelm_helpers.methods import _three_d
from facelm_helpers.methods._three_d import ThreeD

COSTS = ("pdc", "wpdc", "vdc")


class TDDFA(ThreeD):
    r"""Regression of a 3D face's parameters (Zhu et al., 2016), on SENet's trunk at SENet's cost.

    The network gives p: a matrix A (2 by 3, about s R_2) and a shift t, in the crop, and the coefficients b
    of the modes M of the course's 3D model, all whitened. The points are :math:`V(p) = A (m + \sum_i b_i
    M_i) + t`. With the true p*, which `face3d.fit` finds from the annotated points, the cost is one of

    - "pdc": :math:`\lVert p - p^* \rVert^2`, by which a number that moves nothing counts like any other;
    - "wpdc": the same, each number weighted by how far its error moves the points;
    - "vdc": the distance of V(p) from V(p*), by ``loss``; "l2" is the paper's.

    The paper has 199 + 29 modes of another model and a cascade that looks at its own rendered answer; one
    look and fewer numbers, as here, became usual later.

    Parameters
    ----------
    stem, channels, blobs, head, hidden, keep_prob, size
        Of the network, see `networks.tddfa`.
    cost : {"pdc", "wpdc", "vdc"}
    parameter_weight : float
        Of "pdc" beside "vdc": it keeps apart what looks the same in the picture, as depth and slant.
    steps, batch_size, learning_rate, schedule, decay, decay_steps, warmup, weight_decay, loss, ema, jitter
        Of the training, see `methods._keras.KerasAligner`.

    Attributes
    ----------
    jaw : {"mixed", "visible", "solid"}
        What the jaw points of `predict` are, see `methods._three_d.ThreeD`.

    Examples
    --------
    >>> TDDFA(stem=8, channels=(16, 32), blobs=(1, 1), hidden=32).build().output_shape
    (None, 38)
    """

    name = "tddfa"
    title = "3DDFA"
    year = 2016
    paper = "Zhu et al., Face alignment across large poses: a 3D solution, CVPR 2016"
    network = staticmethod(networks.tddfa)
    training_settings = {"cost": "vdc", "parameter_weight": 0.01}

    def __init__(self, **settings):
        super().__init__(**settings)
        if self.cost not in COSTS:
            raise ValueError(f"cost is {self.cost!r}: wanted one of {', '.join(COSTS)}")

    def _faces(self, output):
        return _three_d.faces_of(output, self.size)

    def _truth(self, points):
        return _three_d.parameters(face3d.fit_annotated(points.reshape(-1, 68, 2)))

    def _loss(self, truth, output):
        if self.cost == "pdc":
            return _three_d.pdc(truth, output)
        if self.cost == "wpdc":
            return _three_d.wpdc(truth, output)
        points = training.LOSSES[self.loss](_three_d.points_of(truth), _three_d.points_of(output))
        return points + self.parameter_weight * _three_d.pdc(truth, output)
