"""The picture of the README, from the shipped weights."""

import cv2
from PIL import Image

from facelm_helpers import paths, widgets

PICTURES = paths.ROOT / "notebooks" / "pictures"


def main():
    PICTURES.mkdir(exist_ok=True)
    save(comparison(), "compare.webp")


def comparison():
    """A default face, turned and blurred, as the live comparison shows it."""
    session = widgets.Session(first="dlib", second="senet")
    session.choose(widgets.samples()[2])
    session.move(rotation=20, blur=1.0)
    return widgets.still(session.redraw(), session.pair)[0]


def save(picture, name):
    """Write a picture at most 900 pixels wide."""
    wide = min(1, 900 / picture.shape[1])
    picture = cv2.resize(picture, None, fx=wide, fy=wide, interpolation=cv2.INTER_AREA)
    Image.fromarray(picture).save(PICTURES / name, quality=85)


if __name__ == "__main__":
    main()
