"""The PyTorch twin of the network gives the answer of the course's own (needs PyTorch)."""

import numpy as np
import pytest

from facelm_helpers import methods

torch = pytest.importorskip("torch", reason="PyTorch is not installed: its twin of the network is not tested")


@pytest.mark.slow
def test_both_networks_give_the_same_points():
    import keras

    from tools.train.torch_twin import Network, from_keras, to_keras

    network = Network(np.full((68, 2), 0.5)).eval()
    rng = np.random.default_rng(0)
    state = {key: value + 0.01 * torch.rand(value.shape) for key, value in network.state_dict().items()}
    network.load_state_dict(state)
    crops = rng.random((4, 128, 128, 3), dtype=np.float32)
    with torch.no_grad():
        answer = network(torch.from_numpy(crops).permute(0, 3, 1, 2)).numpy()

    senet = methods.create("senet")
    senet._restore(to_keras(network.state_dict()))
    ours = keras.ops.convert_to_numpy(senet.build()(crops, training=False))
    np.testing.assert_allclose(ours, answer, rtol=1e-4, atol=1e-4)

    again = from_keras(to_keras(network.state_dict()), network.state_dict())
    assert all(torch.equal(again[key], value) for key, value in network.state_dict().items())
