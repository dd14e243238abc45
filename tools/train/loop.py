"""Train a network in PyTorch for a number of crops or of hours, in pieces if need be.

AdamW, clipped gradients, bfloat16 where the layers and the machine allow; the rate is constant after a short
warm-up, then falls to 0. What is judged and shipped is a running average of the weights. A folder holds all
that is needed to go on.
"""

import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from facelm_helpers.atomic import whole_file, write_text
from tools.measure.store import rounded
from tools.train.batches import STRENGTHS
from tools.train.faces import FILE

AVERAGE, WARMUP = 0.999, 400  # momentum of the average; batches
SMOOTH = 4e-6  # squared: the distance is smooth at 0.002 of the side, a quarter of a pixel
LOOK = 50  # batches between looks at the loss


@dataclass(frozen=True)
class Goal:
    """When training ends, and how the rate falls until then.

    Attributes
    ----------
    crops, hours : float or None
        Of all pieces together; one of them.
    rate, decay, weight_decay : float
        ``decay`` is the last share, in which the rate falls to 0.
    batch_size : int
    """

    crops: float | None = None
    hours: float | None = None
    rate: float = 1e-3
    decay: float = 0.5
    weight_decay: float = 0.03
    batch_size: int = 128

    def share(self, step, seconds):
        """How much of it is done."""
        return step * self.batch_size / self.crops if self.crops else seconds / 3600 / self.hours

    def rate_at(self, step, share):
        """The learning rate."""
        return self.rate * min(1, (step + 1) / WARMUP) * min(1, max(0, 1 - share) / self.decay)


def device():
    """Where to train: a graphics card if there is one."""
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    return "cuda" if torch.cuda.is_available() else "cpu"


def narrow(where):
    """Whether bfloat16 saves time there: a processor without instructions for it takes five times as long."""
    return where != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Training:
    """A network in training: its optimiser, the average of its weights, and how far it is.

    Parameters
    ----------
    network : torch.nn.Module
        Crops (N, 3, 128, 128) in 0..1 -> (N, 136).
    goal : Goal
    folder : Path
        Holds ``last.pt``, from which it goes on, and ``training.json``.
    where : str
        The device.
    about : dict
        What ``training.json`` says beside the course of the training.
    average : torch.nn.Module, optional
        Another such network with the same weights, if the network cannot be copied.
    loss : function, optional
        Of what the network gives and of the points (N, 68, 2) in 0..1: (N,).
    seed : int
        Of what is drawn while training; weights are drawn before.
    """

    def __init__(self, network, goal, folder, where="cpu", about=None, average=None, loss=None, seed=0):
        self.network = network.to(where, memory_format=torch.channels_last)
        average = copy.deepcopy(self.network) if average is None else average.to(where)
        self.average, self.loss = average.eval().requires_grad_(False), loss or distance
        self.goal, self.folder, self.where, self.about = goal, Path(folder), where, about or {}
        self.seed = seed
        self.narrow = narrow(where)
        learnt = [weights for weights in network.parameters() if weights.requires_grad]
        matrices = [weights for weights in learnt if weights.ndim > 1]
        others = [weights for weights in learnt if weights.ndim <= 1]
        decayed = {"params": matrices, "weight_decay": goal.weight_decay}
        self.optimiser = torch.optim.AdamW([decayed, {"params": others, "weight_decay": 0.0}], goal.rate)
        self.step, self.seconds, self.reports = 0, 0.0, []
        self.file = self.folder / "last.pt"
        if self.file.is_file():
            self._restore()

    @property
    def done(self):
        """How much of the goal is reached."""
        return self.goal.share(self.step, self.seconds)

    def run(self, draw, report=None, every=600, piece=None):
        """Train until the goal is reached, or for a piece of so many seconds.

        Parameters
        ----------
        draw : function of the batch's size
            See `batches.Batches.draw`.
        report : function of the averaged network, optional
            Its errors on validation faces, as a dict.
        every : float
            Seconds between reports, and between checkpoints.
        piece : float, optional

        Raises
        ------
        FloatingPointError
            If the loss is no number.
        """
        torch.manual_seed(1_000_003 * self.seed + self.step)  # a piece that goes on draws something new
        start = told = self.seconds
        losses = []
        while self.done < 1 and (piece is None or self.seconds - start < piece):
            began = time.monotonic()  # reports count for nothing
            loss = self._step(*draw(self.goal.batch_size))
            if self.step % LOOK == 0 or not losses:
                losses.append(float(loss))
                if not math.isfinite(losses[-1]):
                    raise FloatingPointError(f"the loss is {losses[-1]} at step {self.step}")
            self.seconds += time.monotonic() - began
            if self.seconds - told > every:
                self._tell(report, losses)
                losses, told = losses[-1:], self.seconds
        if losses and told != self.seconds:
            self._tell(report, losses)

    def _step(self, crops, points, weights):
        for group in self.optimiser.param_groups:
            group["lr"] = self.goal.rate_at(self.step, self.done)
        self.network.train()
        with torch.autocast(self.where, dtype=torch.bfloat16, enabled=self.narrow):
            answer = self.network(crops)
        loss = (self.loss(answer, points) * weights).sum() / weights.sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        follow(self.average, self.network, min(AVERAGE, (1 + self.step) / (10 + self.step)))
        return loss.detach()

    def _tell(self, report, losses):
        """Note the loss and the errors, and save."""
        row = {"batches": self.step, "crops": self.step * self.goal.batch_size, "hours": self.seconds / 3600}
        row |= {"loss": sum(losses) / len(losses)} | (report(self.average) if report else {})
        self.reports = [old for old in self.reports if old["batches"] < self.step] + [rounded(row)]
        print(*(f"{key} {value}" for key, value in self.reports[-1].items()), flush=True)
        self._save()
        self.write()

    def write(self):
        """Write ``training.json``."""
        told = self.about | {
            "batch_size": self.goal.batch_size, "batches": self.step, "hours": self.seconds / 3600,
            "learning_rate": self.goal.rate, "falling_in_the_last": self.goal.decay,
            "optimiser": f"AdamW, weight decay {self.goal.weight_decay:g}", "average_of_weights": AVERAGE,
            "loss": "mean distance of the points, smooth at 0.002 of the crop's side"
            if self.loss is distance
            else "the method's own",
            "device": torch.cuda.get_device_name() if self.where == "cuda" else "processor",
            "validation": self.reports,
        }  # fmt: skip
        write_text(self.folder / "training.json", json.dumps(rounded(told), indent=1) + "\n")

    def _save(self):
        state = {"network": self.network.state_dict(), "average": self.average.state_dict()}
        state |= {"optimiser": self.optimiser.state_dict(), "step": self.step, "seconds": self.seconds}
        with whole_file(self.file) as file:
            torch.save(state | {"reports": self.reports}, file)

    def _restore(self):
        state = torch.load(self.file, map_location=self.where, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
        except RuntimeError:
            raise ValueError(f"{self.file} is of a network of another form: take another folder") from None
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.reports = state["step"], state["seconds"], state["reports"]


def distance(answer, points):
    """Mean distance (N,) of an answer (N, 136) from the points (N, 68, 2)."""
    squares = (answer.float().view(-1, 68, 2) - points).square().sum(-1)
    return (squares + SMOOTH).sqrt().mean(1)


@torch.no_grad()
def follow(average, network, momentum):
    """Move the averaged network's weights a little towards the network's, in place."""
    pairs = list(zip(average.state_dict().values(), network.state_dict().values(), strict=True))
    floats = [(old, new) for old, new in pairs if old.is_floating_point()]
    torch._foreach_lerp_(*map(list, zip(*floats, strict=True)), 1 - momentum)
    for old, new in pairs:
        if not old.is_floating_point():
            old.copy_(new)


def add_options(parser, batch_size, rate):
    """The options that teacher and student share."""
    parser.add_argument("run", type=Path, help="folder of the run; the same command goes on with it")
    parser.add_argument("--faces", type=Path, default=FILE, help="what tools.train.pack wrote")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--crops", type=float, default=20e6, help="to learn from, in all pieces (20e6)")
    length.add_argument("--hours", type=float, help="of training in all pieces, instead of --crops")
    parser.add_argument("--piece", type=float, help="stop after so many minutes; to be gone on with")
    parser.add_argument("--batch", type=int, default=batch_size, help=f"crops of a batch ({batch_size})")
    parser.add_argument("--rate", type=float, default=rate, help=f"({rate:g})")
    parser.add_argument("--decay", type=float, default=0.5, help="last share, in which the rate falls (0.5)")
    parser.add_argument("--strength", choices=STRENGTHS, default="strong", help="of the changes (strong)")
    parser.add_argument("--default", type=int, default=3000, help="default faces to learn from (3000)")
    parser.add_argument("--every", type=float, default=600, help="seconds between reports (600)")


def goal(options, weight_decay):
    """The `Goal` that the options ask for."""
    crops = None if options.hours else options.crops
    return Goal(crops, options.hours, options.rate, options.decay, weight_decay, options.batch)
