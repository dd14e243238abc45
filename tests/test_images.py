"""Picture files: right pixels, or one sentence that names the file."""

import io
import os
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from facelm_helpers.images import ENDINGS, decode_image, image_size, read_image

NOISE = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)


def refuses(message, kind=ValueError):
    """Expect exactly one line that matches."""
    return pytest.raises(kind, match=rf"\A(?=[^\n]*\Z).*{message}")


def test_files_that_are_no_pictures(tmp_path):
    with refuses("no picture at .*nowhere.png", FileNotFoundError):
        read_image(tmp_path / "nowhere.png")
    with refuses("is a folder"):
        read_image(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        with refuses("pipe.jpg is no ordinary file"):
            read_image(tmp_path / "pipe.jpg")
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
    for content, said in ((b"no picture", "wanted JPEG"), (b"", "wanted JPEG"), (heic, "HEIC")):
        (tmp_path / "text.jpg").write_bytes(content)
        for read in (read_image, image_size):
            with refuses(f"text.jpg is not a picture.*{said}"):
                read(tmp_path / "text.jpg")


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_truncated_pictures(tmp_path, ending, kept):
    path = tmp_path / f"whole.{ending}"
    Image.fromarray(NOISE).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with refuses(rf"whole.{ending} is damaged or cut off"):
        read_image(path)


def test_every_ending_is_read(tmp_path):
    grey = np.full((8, 6, 3), 77, np.uint8)
    for ending in ENDINGS:
        Image.fromarray(grey).save(tmp_path / f"a{ending}")
        np.testing.assert_allclose(read_image(tmp_path / f"a{ending}"), grey, atol=2)
        assert image_size(tmp_path / f"a{ending}") == (6, 8)


def test_no_other_format_is_opened(tmp_path, monkeypatch):
    """Pillow hands an EPS file to Ghostscript, another program."""
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("a program was started"))
    for ending in ("eps", "pcx", "ico"):
        Image.fromarray(NOISE).save(tmp_path / f"a.{ending}")
        with refuses("is not a picture that can be read"):
            read_image(tmp_path / f"a.{ending}")
        with refuses("upload.png is not a picture that can be read"):
            decode_image((tmp_path / f"a.{ending}").read_bytes(), "upload.png")


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_scaled_by_the_depth_in_use(ending, bits, channels):
    deep = np.random.default_rng(bits).integers(0, 2**bits, (20, 30, 4), dtype=np.uint16)
    deep[0, 0, :3], deep[..., 3] = 2**bits - 1, 65535
    deep = deep[..., 0] if channels == 1 else deep[..., :channels]
    content = cv2.imencode(ending, deep)[1].tobytes()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        picture = decode_image(content, "deep")
    wanted = np.dstack([deep] * 3) if channels == 1 else deep[..., 2::-1]  # OpenCV writes BGR
    # an opaque fourth channel uses all 16 bits, so the depth of such a file is 16
    depth = 16 if channels == 4 else bits
    assert np.abs(picture - wanted * (255 / (2**depth - 1))).max() < 0.6
    said = [str(w.message) for w in caught if "deep uses" in str(w.message)]
    assert len(said) == (depth < 16) and all(f"uses {bits} of its 16 bits" in text for text in said)


def test_more_than_sixteen_bits_are_refused(tmp_path):
    for values in (np.ones((4, 4), np.float32), np.full((4, 4), 70000, np.int32)):
        Image.fromarray(values).save(tmp_path / "deep.tif")
        with refuses("deep.tif has 32 bits a channel"):
            read_image(tmp_path / "deep.tif")


# --- EXIF


def jpeg(exif):
    held = io.BytesIO()
    Image.fromarray(NOISE).resize((48, 64)).save(held, "JPEG", exif=exif, quality=95)
    return held.getvalue()


def exif(**tags):
    names = {"orientation": 0x0112, "resolution": 0x011A}
    block = Image.Exif()
    for name, value in tags.items():
        block[names[name]] = value
    return block


@pytest.mark.parametrize("orientation, turn", [
    (1, lambda a: a), (2, np.fliplr), (3, lambda a: np.rot90(a, 2)), (4, np.flipud),
    (5, lambda a: a.swapaxes(0, 1)), (6, lambda a: np.rot90(a, -1)),
    (7, lambda a: np.rot90(a, 2).swapaxes(0, 1)), (8, np.rot90),
])  # fmt: skip
def test_pictures_are_turned_upright(orientation, turn):
    stored = decode_image(jpeg(exif()))
    np.testing.assert_array_equal(decode_image(jpeg(exif(orientation=orientation))), turn(stored))


def test_an_odd_resolution_does_not_matter():
    """Pillow's own turning writes the whole block anew, and raises struct.error here."""
    stored = decode_image(jpeg(exif()))
    odd = jpeg(exif(orientation=6, resolution=IFDRational(1, 2))).replace(
        b"\x01\x00\x00\x00\x02\x00\x00\x00", b"\xff\xff\xff\xff\x00\x00\x00\x00"
    )
    np.testing.assert_array_equal(decode_image(odd), np.rot90(stored, -1))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_gives_the_pixels_or_a_sentence():
    content = jpeg(exif(orientation=6, resolution=72.0))
    start, stored = content.index(b"Exif"), decode_image(jpeg(exif()))
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(start + 6, start + 60, size=3):
            damaged[place] = rng.integers(256)
        try:
            picture = decode_image(bytes(damaged), "odd.jpg")
        except ValueError as error:
            assert "odd.jpg" in str(error) and "\n" not in str(error)
        else:
            assert sorted(picture.shape) == sorted(stored.shape)


def test_an_orientation_that_is_none_is_warned_of():
    stored = decode_image(jpeg(exif()))
    with pytest.warns(UserWarning, match="odd.jpg: its EXIF orientation"):
        picture = decode_image(jpeg(exif(orientation=77)), "odd.jpg")
    np.testing.assert_array_equal(picture, stored)
