"""A wider, deeper network that starts with the answers of a narrower one that has been trained.

After Chen, Goodfellow and Shlens, Net2Net: accelerating learning via knowledge transfer, ICLR 2016; but new
channels start at random here, and what was there before does not listen to them yet.
"""

import json

import torch

from facelm_helpers.arrays import TEXT, Array, read_arrays
from tools.train.torch_twin import Network, from_keras


def widened(old, old_blobs, new, new_blobs):
    """The state dict of a network, with the weights of a smaller one in it.

    Old outputs keep their weights and get 0 for the new inputs. A block that a stage has more adds nothing to
    what passes it, as the scale of its branch is 0 at first.

    Parameters
    ----------
    old, new : dict of str to tensor
        Of `torch_twin.Network`.
    old_blobs, new_blobs : sequence of int
        How many blocks the stages have.

    Returns
    -------
    dict of str to tensor
        Shaped as ``new``.

    Raises
    ------
    ValueError
        If the new network is narrower or shallower anywhere, or differs in more than width and depth.
    """
    if len(old_blobs) != len(new_blobs) or any(a > b for a, b in zip(old_blobs, new_blobs, strict=True)):
        raise ValueError(f"blobs are {tuple(new_blobs)}: wanted at least {tuple(old_blobs)}, stage by stage")
    moved = _numbers(old_blobs, new_blobs)
    taken = {key: value.clone() for key, value in new.items()}
    for key, value in old.items():
        into = _renumbered(key, moved)
        room = taken.get(into)
        if (
            room is None
            or room.ndim != value.ndim
            or any(a < b for a, b in zip(room.shape, value.shape, strict=True))
        ):
            there = "none" if room is None else tuple(room.shape)
            raise ValueError(f"{key} is {tuple(value.shape)} and would become {there}: wanted no smaller")
        if key.startswith("head.") and value.ndim == 4 and len(room) != len(value):
            raise ValueError(f"head is {len(room)}: wanted {len(value)}, since a dense layer reads it flat")
        place = tuple(slice(0, n) for n in value.shape)
        if value.ndim > 1 and room.shape[1] > value.shape[1]:
            room[place[0], value.shape[1] :] = 0
        room[place] = value
    of_old = {_renumbered(key, moved) for key in old}
    for number in range(sum(new_blobs)):
        if number not in moved.values():
            taken[f"blobs.{number}.widen.norm.weight"].zero_()
    lacking = [
        key
        for key in new
        if key not in of_old and ".shortcut." in key and int(key.split(".")[1]) in moved.values()
    ]
    if lacking:
        raise ValueError(f"{lacking[0]} has no counterpart: wanted a shortcut where the old network has one")
    return taken


def _numbers(old_blobs, new_blobs):
    """Number of a block of the old network -> its number in the new one; added ones come last in a stage."""
    starts = [sum(new_blobs[:stage]) for stage in range(len(new_blobs))]
    places = [start + k for start, count in zip(starts, old_blobs, strict=True) for k in range(count)]
    return dict(enumerate(places))


def _renumbered(key, moved):
    parts = key.split(".")
    if parts[0] == "blobs":
        parts[1] = str(moved[int(parts[1])])
    return ".".join(parts)


def read(path):
    """A file of a network's weights, without Keras: "name", "configuration", "provenance" and "weights"."""
    names = {"configuration": TEXT, "provenance": TEXT, "name": TEXT}
    head = read_arrays(path, names, "weights", beside=["*"])
    weights = read_arrays(path, {"*/*": Array("f2 f4")}, "weights", beside=["format", *names])
    found = {"name": str(head.pop("name"))} | {key: json.loads(str(text)) for key, text in head.items()}
    return found | {"weights": {key: weights[key] for key in weights if not key.startswith("score")}}


def start_from(network, senet):
    """Load trained weights, perhaps of a smaller network, into a `torch_twin.Network`.

    Parameters
    ----------
    network : torch_twin.Network
    senet : dict
        What `read` gives.
    """
    form = {name: senet["configuration"][name] for name in network.form}
    state = from_keras(senet["weights"], Network(torch.zeros(68, 2), **form).state_dict())
    state = widened(state, form["blobs"], network.state_dict(), network.form["blobs"])
    network.load_state_dict(state)
