"""dlib's imglab XML: what others wrote is read, what the course writes dlib reads."""

import cv2
import numpy as np
import pytest
from drawn import drawn_faces

from facelm_helpers import methods, sources
from facelm_helpers.faces import FaceSet
from facelm_helpers.sources.imglab import load, write

SHAPE = np.stack([10 + np.arange(68), 20 + np.arange(68) % 17], axis=1)


def box(points=SHAPE, leave_out=(), **more):
    parts = "".join(
        f"<part name='{k:02d}' x='{x}' y='{y}'/>" for k, (x, y) in enumerate(points) if k not in leave_out
    )
    edges = {"top": 12, "left": 8, "width": 80, "height": 60} | more
    return "<box " + " ".join(f"{k}='{v}'" for k, v in edges.items()) + f"><label>face</label>{parts}</box>"


def dataset(*boxes, file="a.jpg", head="<?xml version='1.0' encoding='ISO-8859-1'?>"):
    style = "<?xml-stylesheet type='text/xsl' href='image_metadata_stylesheet.xsl'?>"
    images = f"<image file='{file}' width='120' height='90'>{''.join(boxes)}</image>"
    return f"{head}{style}<dataset><name>x</name><images>{images}<image file='none.jpg'/></images></dataset>"


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "a_mirror.jpg", "é.jpg"):
        (tmp_path / name).write_bytes(cv2.imencode(".jpg", np.full((90, 120, 3), 9, np.uint8))[1].tobytes())
    return tmp_path


def test_boxes_parts_and_what_is_hidden(folder):
    (folder / "none.jpg").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "x.xml").write_text(dataset(box(), box(leave_out=(3, 60)), box(ignore=1), box(points=[])))
    with pytest.warns(UserWarning, match="left out 1 boxes without parts"):
        faces = sources.load("imglab", folder)
    assert len(faces) == 2 and faces[0][0].shape == (90, 120, 3)
    np.testing.assert_array_equal(faces.points[0], SHAPE)
    np.testing.assert_array_equal(faces.boxes[0], [8, 12, 88, 72])
    assert np.flatnonzero(np.isnan(faces.points[1, :, 0])).tolist() == [3, 60]
    assert set(faces.persons) == {"a"} and len(load(folder / "x.xml", n=1)) == 1


def test_a_mirrored_copy_is_of_the_same_photograph_and_bytes_are_utf_8(folder):
    text = dataset(box(), file="a_mirror.jpg").replace("<image file='none.jpg'/>", "")
    (folder / "x.xml").write_text(text.replace("</images>", f"<image file='é.jpg'>{box()}</image></images>"),
                                  encoding="utf-8")  # fmt: skip
    assert load(folder).persons.tolist() == ["a", "é"]


@pytest.mark.parametrize("text, said", [
    ("", "no XML"), ("<dataset>", "no XML"), ("<html/>", "begins with <html>"),
    (dataset(box(width="wide")), "box 0 of a.jpg: 'wide' is not a number"),
    (dataset(box(width=0)), "box 0 of a.jpg: .* no area"), (dataset(box(width="1e40")), "box 0 of a.jpg"),
    (dataset(box(SHAPE * 0)), "box 0 of a.jpg: the points have no area"),
    (dataset(box().replace("name='67'", "name='68'")), "part '68'"),
    (dataset(box().replace("name='67'", "name='66'")), "part 66 .* twice"),
    (dataset(box().replace("name='67' x='77'", "name='67' x='nan'")), "part 67"),
    (dataset(box()).replace("file='a.jpg'", ""), "no file"), (dataset(), "no box with 68 parts"),
    (dataset(box(), head="<!DOCTYPE d [<!ENTITY a 'x'>]>"), "declares a document type"),
    (dataset(box(), head="<?xml version='1.0' encoding='nonsense'?>"), "no XML"),
])  # fmt: skip
def test_bad_files_are_refused_by_name(folder, text, said):
    (folder / "x.xml").write_text(text)
    with pytest.raises(ValueError, match=said) as error:
        load(folder / "x.xml")
    assert "\n" not in str(error.value) and (str(folder) in str(error.value))


def test_what_is_missing_is_said(folder):
    with pytest.raises(ValueError, match="holds no .xml"):
        load(folder)
    (folder / "x.xml").write_text(dataset(box(), file="b.jpg"))
    with pytest.raises(FileNotFoundError, match="b.jpg"):
        load(folder)
    with pytest.raises(ValueError, match="wanted a FaceSet with points"):
        write(folder / "y.xml", FaceSet(np.zeros((1, 9, 9, 3), np.uint8), boxes=[[1, 1, 5, 5]]))


def test_what_is_written_is_read_again(tmp_path):
    faces = drawn_faces(5)
    faces.points[2, 7] = np.nan
    back = load(write(tmp_path / "faces.xml", faces))
    np.testing.assert_allclose(back.points, faces.points, atol=0.5)
    np.testing.assert_allclose(back.boxes, faces.boxes, atol=0.5)
    np.testing.assert_array_equal(back[1][0], faces[1][0])
    again = load(write(tmp_path / "some.xml", back[[3, 1]]))  # refers to the files that are there
    np.testing.assert_array_equal(again.points, back.points[[3, 1]])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces.xml", "faces_images", "some.xml"]


def test_dlib_reads_what_is_written(tmp_path):
    import dlib
    import skimage.data

    from facelm_helpers.methods.dlib import shipped_file

    image, edges = skimage.data.astronaut(), [[170, 60, 280, 170]]
    rectangle = dlib.rectangle(170, 60, 279, 169)
    found = methods.load("dlib").predictor_(image, rectangle)
    points = np.array([[[part.x, part.y] for part in found.parts()]])
    path = write(tmp_path / "astronaut.xml", FaceSet([image], points, edges))
    assert dlib.test_shape_predictor(str(path), str(shipped_file())) == 0
