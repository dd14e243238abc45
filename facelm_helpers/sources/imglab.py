"""The XML of dlib's imglab, in which thousands of users keep their training sets: photographs, boxes, parts.

Source: King, Dlib-ml, JMLR 2009; the file is what ``dlib.train_shape_predictor`` reads. Pixels are counted
from 0; file names are relative to the XML's own folder. ::

    <dataset><images>
      <image file='party.jpg'>
        <box top='74' left='162' width='98' height='98'>
          <part name='00' x='171' y='96'/> ... <part name='67' x='205' y='151'/>
        </box>
      </image>
    </images></dataset>
"""

import contextlib
import os
import warnings
from pathlib import Path, PurePath
from xml.etree import ElementTree

import defusedxml
import numpy as np
from defusedxml.ElementTree import fromstring
from PIL import Image

from facelm_helpers.atomic import write_bytes
from facelm_helpers.boxes import check_boxes
from facelm_helpers.faces import FaceSet
from facelm_helpers.landmarks import N_POINTS
from facelm_helpers.sources._files import PictureFiles, check_face, choose, find_root, number
from facelm_helpers.sources._photographs import photograph_of

LARGEST = 200_000_000  # bytes of XML


def load(root=None, n=None, seed=0):
    """The faces of an imglab XML file, or of all the XML files in a folder.

    Parameters
    ----------
    root : str or Path, optional
        The file or the folder; ``data/downloads/imglab`` by default.
    n : int, optional
        Take at most this many faces, drawn at random; all by default.
    seed : int
        Of that draw.

    Returns
    -------
    FaceSet
        With the boxes of the file, with which dlib would train: ``FaceSet(faces.images, faces.points)`` has
        the tight ones. A part that the file leaves out is hidden: NaN. Photographs are read when asked for; a
        person is a photograph, with its mirrored copies.

    Raises
    ------
    FileNotFoundError
        If the file, the folder or a photograph is missing.
    ValueError
        If a file is no imglab XML, declares a document type, or has a box that is not valid.

    Warns
    -----
    UserWarning
        On boxes without parts, which are left out; those with ``ignore='1'`` are left out silently.
    """
    given = None if root is None else Path(root)
    if given is not None and os.path.isfile(given):
        files = [given]
    else:
        given = find_root(root, "imglab")
        files = sorted(path for path in given.glob("*.xml") if not path.is_dir())
    if not files:
        raise ValueError(f"{given} holds no .xml: wanted a file of dlib's imglab")
    faces = [face for file in files for face in _read(file)]
    if not faces:
        raise ValueError(f"{given} holds no box with {N_POINTS} parts: wanted faces")
    pictures, points, boxes, persons = zip(*(faces[i] for i in choose(len(faces), n, seed)), strict=True)
    return FaceSet(PictureFiles(pictures), np.stack(points), np.stack(boxes), np.array(persons))


def _read(file):
    """(picture, points, box, person) of each face of one XML file."""
    faces, without = [], 0
    for image in _parse(file).iter("image"):
        name = image.get("file")
        if not name:
            raise ValueError(f"{file}: an image has no file: wanted <image file='...'>")
        for k, box in enumerate(image.findall("box")):
            where = f"{file}, box {k} of {name}"
            if box.get("ignore") == "1":
                continue
            parts = box.findall("part")
            if not parts:
                without += 1
                continue
            name = _existing(file, name)
            left, top, width, height = _numbers(box, ("left", "top", "width", "height"), where)
            faces.append((
                file.parent / name, _points(parts, where),
                _box([left, top, left + width, top + height], where), photograph_of(PurePath(name)),
            ))  # fmt: skip
    if without:
        warnings.warn(f"{file}: left out {without} boxes without parts", stacklevel=4)
    return faces


def _existing(file, name):
    """The name of a picture in an XML file, as the disk has it."""
    names = [name, name.replace("\\", "/")]  # imglab on Windows writes its separator
    with contextlib.suppress(UnicodeError):  # imglab declares Latin-1 and writes the system's bytes, UTF-8
        names.append(name.encode("latin-1").decode("utf-8"))
    for candidate in names:
        if os.path.isfile(file.parent / candidate):
            return candidate
    raise FileNotFoundError(f"{file} names a picture that is not there: {file.parent / name}")


def _parse(file):
    """The root element of an XML file. Entities are never expanded, nothing else is opened."""
    wanted = "wanted the XML of dlib's imglab"
    try:
        if not os.path.isfile(file) or file.stat().st_size > LARGEST:
            raise ValueError(f"{file} is no ordinary file of less than {LARGEST} bytes: {wanted}")
        root = fromstring(file.read_bytes(), forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise ValueError(f"{file} declares a document type or an entity: {wanted}, which has none") from None
    except OSError as error:
        raise ValueError(f"{file} cannot be opened: {error.strerror}") from None
    except (ElementTree.ParseError, LookupError, UnicodeError, RecursionError) as error:
        raise ValueError(f"{file} is no XML, or it is damaged: {error}") from None
    if root.tag != "dataset":
        raise ValueError(f"{file} begins with <{root.tag[:60]}>: {wanted}, <dataset>")
    return root


def _numbers(element, names, where):
    try:
        return [number(element.get(name, "")) for name in names]
    except ValueError as error:
        raise ValueError(f"{where}: {error}; wanted {', '.join(names)}") from None


def _points(parts, where):
    """(68, 2) from the parts of a box by name; those that are not there are hidden."""
    points = np.full((N_POINTS, 2), np.nan)
    for part in parts:
        name = part.get("name")
        if not (name or "").isdecimal() or int(name) >= N_POINTS or len(name) > 3:
            raise ValueError(f"{where} has a part {name!r}: wanted 00 to {N_POINTS - 1}")
        x, y = _numbers(part, ("x", "y"), where)
        if not np.isfinite([x, y]).all() or not np.isnan(points[int(name)]).all():
            raise ValueError(f"{where}: part {name} is no pixel, or is there twice")
        points[int(name)] = x, y
    return check_face(points, where)


def _box(box, where):
    try:
        return check_boxes([box])[0]
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def write(path, faces):
    """Write faces as an XML file that imglab and ``dlib.train_shape_predictor`` read.

    Pictures that lie in files are named where they are. Any others are written first, as PNG files in a
    folder ``NAME_images`` beside ``NAME.xml``. dlib's parts and boxes are whole pixels, and so are rounded.
    Hidden points (NaN) are left out.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    faces : FaceSet
        With points.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If there is no face, or they have no points.

    Examples
    --------
    >>> import tempfile
    >>> from facelm_helpers import sources
    >>> faces = sources.load("synthetic", n=2, seed=0, progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(sources.load("imglab", write(f"{folder}/faces.xml", faces)))
    2
    """
    if len(faces) == 0 or faces.points is None:
        raise ValueError(f"got {len(faces)} faces to write: wanted a FaceSet with points")
    path = Path(path)
    files = getattr(faces.images, "paths", None)
    if files is None:
        files = _write_pictures(path.with_name(f"{path.stem}_images"), faces)
    dataset = ElementTree.Element("dataset")
    images, by_file = ElementTree.SubElement(dataset, "images"), {}
    for file, points, box in zip(files, faces.points, faces.boxes, strict=True):
        name = _name(file, path.parent)
        if name not in by_file:
            by_file[name] = ElementTree.SubElement(images, "image", file=name)
        left, top, right, bottom = (int(round(float(edge))) for edge in box)
        edges = {"top": top, "left": left, "width": max(1, right - left), "height": max(1, bottom - top)}
        element = ElementTree.SubElement(by_file[name], "box", {k: str(v) for k, v in edges.items()})
        for k, (x, y) in enumerate(points):
            if not np.isnan(x):
                pixel = {"x": str(round(float(x))), "y": str(round(float(y)))}
                ElementTree.SubElement(element, "part", {"name": f"{k:02d}"} | pixel)
    ElementTree.indent(dataset)
    return write_bytes(path, ElementTree.tostring(dataset, encoding="utf-8", xml_declaration=True))


def _name(file, folder):
    """A picture's name as the XML writes it."""
    name = Path(os.path.relpath(file, folder)).as_posix()
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in name):
        raise ValueError(f"{name!r} cannot be written in XML: rename the picture")
    return name


def _write_pictures(folder, faces):
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{k:06d}.png" for k in range(len(faces))]
    for file, image in zip(files, faces.images, strict=True):
        Image.fromarray(image).save(file)
    return files
