"""Pictures of 3D faces: the jaw's two outlines, what a network's numbers move, a head before a camera."""

import cv2
import numpy as np

from facelm_helpers import face3d
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.plots._canvas import FULL, METHOD_COLOURS, REGION_COLOURS, as_picture, canvas

SOLID = "#D55E00"
APART = 0.02  # of the picture's width: from here on the two outlines are joined by a line
WIDTH, HEIGHT = 1400, 640  # pixels of `head_and_camera`
NEAR = 0.9  # from the camera to the plane of its picture, in sizes of the face
UNIT = 190  # pixels for the size of a face in front of the camera
AROUND = face3d.rotation([-24, -52, 0])  # from where the scene is seen: beside the camera, and above it
DARK, FIXED = (90, 90, 90), (30, 30, 30)


def contours(images, solid, visible, titles):
    """Draw the jaw of heads twice: as fixed spots of the head, and as the outline that one sees.

    Parameters
    ----------
    images : sequence of N arrays (H, W, 3)
    solid, visible : N arrays (68, 2)
        Pixels. The solid points are squares, the visible ones dots.
    titles : sequence of N strings

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(9, 60, (1, 68, 2))
    >>> figure = contours(np.zeros((1, 64, 64, 3), np.uint8), points, points + 3, ["a head"])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['2D point: the visible outline', '3D point: a fixed spot of the head']
    """
    figure, axes = canvas(columns=len(images), width=FULL, height=FULL / len(images) + 0.65, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.03, wspace=0, hspace=0)
    for ax, image, fixed, seen, title in zip(axes[0], images, solid, visible, titles, strict=True):
        ax.imshow(as_picture(image))
        pairs = np.stack([seen[:17], fixed[:17]], axis=1)
        apart = np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1) > APART * np.shape(image)[1]
        ax.plot(pairs[apart, :, 0].T, pairs[apart, :, 1].T, color="#444444", lw=0.8)
        ax.plot(*seen[:17].T, "o-", color=REGION_COLOURS["jaw"], ms=3.2, lw=0.8, mec="white", mew=0.4,
                label="2D point: the visible outline")  # fmt: skip
        ax.plot(*fixed[:17].T, "s", color=SOLID, ms=2.6, mec="white", mew=0.3,
                label="3D point: a fixed spot of the head")  # fmt: skip
        ax.set(title=title)
        ax.axis("off")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def parameter_weights(weights, groups):
    """Draw how much each of a 3D face's numbers counts, a bar for each.

    Parameters
    ----------
    weights : dict of title -> array (P,)
    groups : dict of name -> int
        How many numbers each group has, in their order; the sum is P.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = parameter_weights({"a face": [1, 0.5, 0.1]}, {"pose": 2, "shape": 1})
    >>> len(figure.axes[0].patches)
    3
    """
    figure, axes = canvas(rows=len(weights), width=FULL, height=1.35 * len(weights) + 0.45, squeeze=False,
                          sharex=True)  # fmt: skip
    for ax, (title, values) in zip(axes[:, 0], weights.items(), strict=True):
        start = 0
        for i, (name, count) in enumerate(groups.items()):
            index = np.arange(start, start + count)
            ax.bar(index, np.asarray(values)[index], color=METHOD_COLOURS[i], width=0.8, label=name)
            start += count
        ax.set(ylabel="weight", ylim=(0, 1.05), title=title, xlim=(-0.7, start - 0.3), xticks=[])
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(groups))
    return figure


def head_and_camera(degrees, distance=4.0, shape=None):
    """A head before a camera, and the picture that the camera takes, in a few milliseconds.

    Parameters
    ----------
    degrees : (pitch, yaw, roll)
        See `face3d.rotation`.
    distance : float
        Of the camera from the middle of the head, in sizes of the face; from 1.5. The focal length goes with
        it, so that the face keeps its size in the picture.
    shape : (68, 3) array, optional
        By default the mean face.

    Returns
    -------
    (640, 1400, 3) uint8 array
        On the left the scene from beside and above the camera, on the right its picture with the 68 points;
        of the jaw the fixed spots are squares, and a line is where the outline is seen.

    Raises
    ------
    ValueError
        If the camera is inside the head.

    Examples
    --------
    >>> head_and_camera([0, 40, 0]).shape
    (640, 1400, 3)
    """
    if not distance >= 1.5:
        raise ValueError(f"the camera is {distance} face sizes away: wanted 1.5 or more")
    model, R = face3d.load_face3d(), face3d.rotation(degrees)
    S = model.mean if shape is None else np.asarray(shape, np.float64)
    head = (model.weights @ S) @ R.T
    outline = face3d.slid(S[None], R[None])[0, :17] @ R.T
    scene = _scene(head, min(distance, 4.0))
    picture = _picture(head, outline, distance)
    return np.concatenate([scene, picture], axis=1)


def _scene(head, distance):
    """The head, the camera, and the lines of sight, seen from beside and above the camera."""
    image = np.full((HEIGHT, WIDTH // 2, 3), 252, np.uint8)
    scale, middle = 640 / (0.8 * distance + 1.3), np.array([0.25 * WIDTH, 0.5 * HEIGHT])
    half = np.array([0, 0, distance / 2])

    def placed(places):
        turned = (np.asarray(places, np.float64) - half) @ AROUND.T * scale
        return turned + [*middle, 0]

    image = face3d.draw(image, placed(head))
    camera, reach = np.array([0, 0, distance]), 0.9 * NEAR / distance
    window = np.array([
        [x * reach, y * reach, distance - NEAR] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ])  # fmt: skip
    for number in (30, 36, 45, 0, 16, 8):
        _line(image, placed([camera, head[number]]), (150, 150, 150))
    for corner in window:
        _line(image, placed([camera, corner]), DARK, 2)
    _line(image, placed([*window, window[0]]), DARK, 2)
    seen = camera + (head[:68] - camera) * (NEAR / (distance - head[:68, 2:]))
    _dots(image, placed(seen), 3)
    _dots(image, placed(head[:68] * 1.01), 4)
    cv2.circle(image, _pixel(placed(camera[None])[0]), 9, DARK, -1, cv2.LINE_AA)
    return image


def _picture(head, outline, distance):
    """What the camera sees: the mesh, the 68 points, and the jaw's visible outline."""
    image = np.full((HEIGHT, WIDTH // 2, 3), 242, np.uint8)

    def taken(places):
        nearer = distance / (distance - places[:, 2:])
        flat = 2 * UNIT * nearer * places[:, :2] + [WIDTH / 4, 0.47 * HEIGHT]
        return np.concatenate([flat, 2 * UNIT * places[:, 2:]], axis=1)

    image = face3d.draw(image, taken(head), opacity=0.75)
    _line(image, taken(outline), _rgb(REGION_COLOURS["jaw"]), 3)
    places = taken(head[:68])
    _dots(image, places[17:], 6, first=17)
    for place in places[:17]:
        x, y = _pixel(place)
        cv2.rectangle(image, (x - 6, y - 6), (x + 6, y + 6), (255, 255, 255), -1)
        cv2.rectangle(image, (x - 5, y - 5), (x + 5, y + 5), FIXED, -1)
    cv2.rectangle(image, (1, 1), (WIDTH // 2 - 2, HEIGHT - 2), DARK, 2)
    return image


def _dots(image, places, size, first=0):
    for region, index in REGIONS.items():
        for i in index:
            if i >= first:
                cv2.circle(image, _pixel(places[i - first]), size + 1, (255, 255, 255), -1, cv2.LINE_AA)
                colour = FIXED if region == "jaw" else _rgb(REGION_COLOURS[region])
                cv2.circle(image, _pixel(places[i - first]), size, colour, -1, cv2.LINE_AA)


def _line(image, places, colour, thick=1):
    points = np.rint(np.asarray(places)[:, :2]).astype(np.int32)
    cv2.polylines(image, [points], False, colour, thick, cv2.LINE_AA)


def _pixel(place):
    return tuple(int(value) for value in np.rint(place[:2]))


def _rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
