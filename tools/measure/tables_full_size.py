"""Tables of the page "300W-LP at full size": worked out from what was measured on a part of it.

Each takes the results (the content of bench.json, and of the other files under their names); nothing in them
is measured at full size.
"""

from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.sources.w300lp import COUNTS
from facelm_helpers.training import Recipe
from tools.data.prepare import Cut

STEPS, BATCH = Recipe().steps, 64  # of the published recipe
RENDERS = sum(COUNTS.values())
PICTURES = 2 * RENDERS  # with the mirror images
WORKERS = {"one GPU": 1, "four GPUs of one machine": 4, "a cluster of eight such machines": 32}
SIDE = 128  # of what the networks are given
NUMBER = 4  # bytes of a float32


def _student(results):
    """The training of the recipe's network on a graphics card that made the crops too."""
    phases = results.get("senet_training", {}).get("phases", [])
    return next((phase for phase in phases if phase["name"] == "student"), None)


def hours(rate, workers=1):
    """Hours of the recipe's crops at so many images a second for each worker, if nothing is lost.

    >>> hours(1000 / 3.6)
    9.6
    """
    return round(STEPS * BATCH / (3600 * rate * workers), 3)


def time(results):
    """Hours of the recipe: measured rates, and what follows from them."""
    rows = [["machine", "images a second", "hours for the recipe's crops", "hours for its steps", "of these"]]
    card, student = results.get("full_size", {}).get("graphics card"), _student(results)
    cores = results.get("speed", {}).get("rates", {}).get("training")
    if not (card and student and cores):
        return rows

    def row(name, rate, workers, told):
        return [name, f"{rate * workers:,.0f}", f"{hours(rate, workers):.2f}", f"{hours(rate):.2f}", told]

    rate = card["images_per_second"]
    alone = student["crops"] / student["hours"] / 3600
    rows.append(row("two cores", cores["training"], 1, "rate measured, hours extrapolated"))
    for name, workers in WORKERS.items():
        told = "rate measured, hours extrapolated" if workers == 1 else "untried; extrapolated, nothing lost"
        rows.append(row(name, rate, workers, told))
    told = f"rate measured with batches of {student['batch_size']}, hours extrapolated"
    rows.append(row("one GPU that makes the crops", alone, 1, told))
    return rows


def storage(results):
    """Gigabytes, files and processor hours of the shards."""
    rows = [["pictures", "side of a crop", "GB", "files", "hours of one core to cut them"]]
    found = results.get("full_size", {})
    for count, what in ((RENDERS, ""), (PICTURES, ", mirror images too")):
        for name in ("wide", "narrow"):
            if name in found:
                one = found[name]
                files = sum(
                    -(-round(count * part) // Cut().shard_size) for part in (Cut().share, 1 - Cut().share)
                )
                size, busy = one["bytes"] * count / 1e9, one["cpu_ms"] * count / 3.6e6
                rows.append([f"{count:,}{what}", str(one["side"]), f"{size:.2f}", str(files), f"{busy:.2f}"])
    return rows


def memory(results):
    """Megabytes of a worker's parts."""
    rows = [["part", "how it is worked out", "MB"]]
    student, found = _student(results), results.get("full_size", {}).get("training")
    if not (student and found):
        return rows
    weights, tested = student["weights"], round((1 - Cut().share) * PICTURES)
    pixels = SIDE * SIDE * 3
    faces = results["full_size"].get("wide", {}).get("faces")
    part = f"with the {faces:,} faces of AFW" if faces else "with a part of the faces"
    parts = [
        ("weights, gradients, Adam's two moments", f"4 x 4 bytes x {weights:,}", 4 * NUMBER * weights),
        ("a batch", f"{BATCH} x {SIDE} x {SIDE} x 3 x 4 bytes", BATCH * pixels * NUMBER),
        ("all labels", f"{PICTURES:,} x {2 * N_POINTS} x 4 bytes", PICTURES * 2 * N_POINTS * NUMBER),
        ("crops to validate on, first worker", f"{tested:,} x {SIDE} x {SIDE} x 3 bytes", tested * pixels),
        (f"a process on a processor, {part}", "measured, at most", found["peak_bytes"]),
        ("activations on a card", "not measured", None),
    ]
    return rows + [[name, how, "-" if size is None else f"{size / 1e6:,.0f}"] for name, how, size in parts]


def traffic(results):
    """Megabytes that a worker sends for each step, and a second, by an all-reduce in a ring."""
    rows = [["workers", "MB a step", "steps a second", "MB a second"]]
    student, card = _student(results), results.get("full_size", {}).get("graphics card")
    for workers in list(WORKERS.values())[1:] if student and card else []:
        step = 2 * (workers - 1) / workers * NUMBER * student["weights"] / 1e6
        rate = card["images_per_second"] / BATCH
        rows.append([str(workers), f"{step:.1f}", f"{rate:.1f}", f"{step * rate:.0f}"])
    return rows


TABLES = {f"full_size_{one.__name__}": one for one in (time, storage, memory, traffic)}
