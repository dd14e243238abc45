"""The public implementations' side of `tools/measure/compare_public.py`, run in an environment of their own.

``python -m tools.measure.compare_public_theirs FOLDER NAME``: learns from the faces in FOLDER, fits
FOLDER/test-*.npz, and writes
FOLDER/NAME.npz (points, seconds of the processor). It imports nothing of the course: only NumPy and menpofit.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")  # menpofit predates today's NumPy and says so at every turn
PAD = 60  # pixels that a picture is mirrored by at its edges, as the course's crops are
MEMORY = 10 * 2**30  # bytes: what asks for more fails here, and leaves the machine its memory


def images_of(faces, limit=None):
    """menpo images, grey, mirrored at the edges, with the points as landmarks where there are some."""
    from menpo.image import Image
    from menpo.shape import PointCloud

    found = []
    for i, picture in enumerate(faces["images"][:limit]):
        grey = (picture.astype(float) @ [0.299, 0.587, 0.114]) / 255
        image = Image(np.pad(grey, PAD, mode="reflect")[None])
        if "points" in faces:
            image.landmarks["face"] = PointCloud(faces["points"][i, :, ::-1].astype(float) + PAD)
        found.append(image)
    return found


def box_of(box):
    """A box (left, top, right, bottom) as menpo's bounding box: y before x."""
    from menpo.shape import bounding_box

    left, top, right, bottom = np.asarray(box, float) + PAD
    return bounding_box((top, left), (bottom, right))


def aam(images, settings):
    """A holistic AAM on IGO features, fitted with the Wiberg algorithm."""
    from menpo.feature import igo
    from menpofit.aam import HolisticAAM, LucasKanadeAAMFitter, WibergInverseCompositional

    model = HolisticAAM(
        images, group="face", holistic_features=igo, diagonal=settings["diagonal"], scales=settings["scales"],
        max_shape_components=settings["variance"], max_appearance_components=settings["textures"],
    )  # fmt: skip
    return LucasKanadeAAMFitter(model, lk_algorithm_cls=WibergInverseCompositional)


def asm(images, settings, algorithm="RegularisedLandmarkMeanShift"):
    """A shape model with a correlation filter for each point, fitted by mean shift or by ASM search.

    menpofit has no ASM with profiles; its filters want their patches normalised, which is not its default.
    """
    from menpo.feature import igo
    from menpofit import clm
    from menpofit.clm.expert import ensemble

    ensemble.probability_map = share  # menpofit 0.7.1 raises an IndexError where a response is flat
    model = clm.CLM(
        images, group="face", holistic_features=igo, diagonal=settings["diagonal"], scales=settings["scales"],
        patch_shape=tuple(settings["patch"]), context_shape=tuple(settings["context"]),
        patch_normalisation=ensemble.channel_normalize_norm, max_shape_components=settings["variance"],
    )  # fmt: skip
    return clm.GradientDescentCLMFitter(model, gd_algorithm_cls=getattr(clm, algorithm))


def asm_search(images, settings):
    """The same with the algorithm that menpofit calls ActiveShapeModel."""
    return asm(images, settings, "ActiveShapeModel")


def share(responses):
    """Responses (experts, 1, height, width) that sum to 1; a flat one says the same everywhere."""
    above = responses - responses.min(axis=(-2, -1), keepdims=True)
    flat = above.max(axis=(-2, -1), keepdims=True) <= 0
    above = np.where(flat, 1.0, above)
    return above / above.sum(axis=(-2, -1), keepdims=True)


def sdm(images, settings):
    """A regularised SDM on the course's own gradient histograms: without VLFeat menpofit brings none."""
    from menpofit.sdm import RegularizedSDM

    scales, cell = settings["scales"], settings["cell"]
    maps = [gradient_maps(settings["bins"], cell / scale) for scale in scales]
    return RegularizedSDM(
        images, group="face", alpha=settings["alpha"], diagonal=settings["diagonal"], scales=scales,
        holistic_features=maps, patch_features=every(cell),
        patch_shape=((settings["grid"] - 1) * cell + 1,) * 2,
        n_iterations=settings["iterations"], n_perturbations=settings["starts"],
        perturb_from_gt_bounding_box=jitter(settings.get('detector_boxes', True)),
    )  # fmt: skip


def sdm_large(images, settings):
    """The same on IGO in large patches, menpofit's own features: a matrix of features times features."""
    from menpo.feature import igo
    from menpofit.sdm import RegularizedSDM

    return RegularizedSDM(
        images, group="face", diagonal=settings["diagonal"], scales=settings["scales"], patch_features=igo,
        patch_shape=tuple(settings["patch"]), n_iterations=2, n_perturbations=1,
    )  # fmt: skip


def gradient_maps(bins, side):
    """A feature function: channels of gradient by direction, blurred to cells; as in the course's `sdm`."""
    from menpo.feature import ndfeature
    from scipy.ndimage import gaussian_filter

    theta = np.arange(bins) * (2 * np.pi / bins)

    @ndfeature
    def maps(pixels):
        dy, dx = (2 * 255 * part for part in np.gradient(pixels[0]))
        parts = [np.maximum(dx * np.cos(t) + dy * np.sin(t), 0) for t in theta]
        return np.stack([gaussian_filter(part, side / 2) for part in parts])

    return maps


def every(cell):
    """A patch function: every so many pixels of a patch, divided by their length."""

    def grid(patch):
        values = np.asarray(patch)[:, ::cell, ::cell]
        return values / (np.linalg.norm(values) + 1.0)

    return grid


def jitter(detector_boxes):
    """A function that draws starts as the course's cascades do: in a detector's boxes, or in tight ones."""
    from menpo.shape import PointCloud

    rng = np.random.default_rng(0)

    def moved(truth, box):  # both are boxes
        middle, side = box.centre(), box.range().max()
        grow, goal = np.exp(rng.normal(0, 0.04)), middle + rng.normal(0, 0.04, 2) * side
        if detector_boxes:  # in half of the cases its middle is that of the tight box
            goal = goal - [0.1 * side * (rng.random() < 0.5), 0] + rng.normal(0, 0.04, 2) * side
            grow *= np.exp(rng.normal(0.02, 0.08))
        return PointCloud((box.points - middle) * grow + goal).bounding_box()

    return moved


def limit_memory():
    """What asks for far too much fails with a MemoryError, where the system can do that."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):
        pass


def main(folder, name):
    """Learn, fit, and write what was found."""
    folder = Path(folder)
    limit_memory()
    settings = json.loads((folder / "settings.json").read_text())[name]
    train = np.load(folder / "train-mirrored-too.npz", allow_pickle=False)
    images = images_of(train, settings.get("faces"))
    began = time.process_time()
    method = name.removeprefix("theirs-")
    learn = {"aam": aam, "asm": asm, "asm_search": asm_search, "sdm": sdm, "sdm_large": sdm_large}[method]
    fitter = learn(images, settings)
    found = {"training_seconds": time.process_time() - began}
    for path in sorted(folder.glob("test-*.npz")):
        test = np.load(path, allow_pickle=False)
        images = images_of({"images": test["images"]})
        boxes, points = [box_of(box) for box in test["boxes"]], []
        began, options = time.process_time(), settings.get("fit", {})
        for image, box in zip(images, boxes, strict=True):
            shape = fitter.fit_from_bb(image, box, **options).final_shape
            points.append(shape.points[:, ::-1] - PAD)
        key = path.stem.removeprefix("test-")
        found[f"seconds-{key}"] = time.process_time() - began
        found[f"points-{key}"] = np.array(points, np.float32)
    np.savez(folder / f"{name}.npz", **found)


if __name__ == "__main__":
    main(*sys.argv[1:3])
