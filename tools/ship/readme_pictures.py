"""The two pictures of the README, from the shipped weights and data/results."""

import json

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from facelm_helpers import paths, plots, widgets

PICTURES = paths.ROOT / "notebooks" / "pictures"


def main():
    PICTURES.mkdir(exist_ok=True)
    save(comparison(), "compare.webp")
    results = json.loads((paths.RESULTS / "bench.json").read_text(encoding="utf-8"))
    save(leaderboard(results), "leaderboard.webp")


def comparison():
    """A default face, turned and blurred, as the live comparison shows it."""
    session = widgets.Session(first="dlib", second="senet")
    session.choose(widgets.samples()[2])
    session.move(rotation=20, blur=1.0)
    return widgets.still(session.redraw(), session.pair)[0]


def leaderboard(results, name="yt68/val"):
    """Bars of the plain error of every method."""
    records = results["accuracy"][name]["methods"]
    rows = [
        {"method": method} | {key: record["detector"][key] for key in ("nme", "low", "high")}
        for method, record in records.items()
        if "detector" in record
    ]
    figure = plots.leaderboard(sorted(rows, key=lambda row: row["nme"]))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3]


def save(picture, name):
    """Write a picture at most 900 pixels wide."""
    wide = min(1, 900 / picture.shape[1])
    picture = cv2.resize(picture, None, fx=wide, fy=wide, interpolation=cv2.INTER_AREA)
    Image.fromarray(picture).save(PICTURES / name, quality=85)


if __name__ == "__main__":
    main()
