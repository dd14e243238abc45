"""The runs of notebook 14, as a plan: what each remedy does otherwise, and the budget of all of them."""

from dataclasses import dataclass, field, replace

from facelm_helpers import augment

SIZE, MARGIN, BATCH = 64, 1.5, 32
START_CROPS, CROPS, SEEDS = 64_000, 16_000, (1, 2, 3)
PLAIN = augment.Strength.none()
PLAIN = replace(PLAIN, shift=0.06, scale=0.08)  # the box as a detector might set it: in every run
LIGHT = ("gain", "gamma", "contrast", "cast", "grey", "blur", "noise", "jpeg")
EXTREMES = {name: getattr(augment.Strength(), name) for name in
            ("blur_sigma", "noise_sd", "jpeg_quality", "occlude_share")}  # fmt: skip
NARROW = {"stem": 12, "channels": (32, 64, 128), "blobs": (1, 1, 1)}
WIDE = {"stem": 24, "channels": (64, 128, 256), "blobs": (1, 1, 2)}
HEADS = (-0.2, 0.2)  # of the measure `yaw`: where one class of poses ends and the next begins
ERASE = {"occlude": 0.5, "occlude_share": 0.5}


def light(times):
    """The changes of light and sharpness of `augment.Strength()`, so many times as strong."""
    strong = augment.Strength().times(photometry=times)
    return {name: getattr(strong, name) for name in LIGHT}


@dataclass(frozen=True)
class Remedy:
    """What a run does otherwise than the control.

    Attributes
    ----------
    changes : dict
        Of `augment.Strength`.
    more : dict
        Set -> its share of a batch.
    kind : {"plain", "heads", "rectified", "dense"}
    form : dict
        Of the network.
    """

    changes: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    kind: str = "plain"
    form: dict = field(default_factory=lambda: NARROW)


TURN = {"rotation": 20.0, "mirror": 0.5}
RUNS = {
    "control": Remedy(),
    "light_1": Remedy(light(1)),
    "light_3": Remedy(light(3)),
    "erasing": Remedy(ERASE),
    "turned_views": Remedy(more={"turned": 0.25}),
    "expression": Remedy(more={"expression": 0.25}),
    "heads": Remedy(kind="heads"),
    "rectified": Remedy(kind="rectified"),
    "in_plane": Remedy(TURN),
    "dense": Remedy(kind="dense"),
    "backbone": Remedy(form=WIDE),
    "all": Remedy(light(1) | ERASE | TURN, {"turned": 0.2, "expression": 0.2}),
    "light_half": Remedy(light(0.5)),
    "light_9": Remedy(light(9)),
    "turn": Remedy({"turn": 0.5, "turn_degrees": 60.0}),
}
