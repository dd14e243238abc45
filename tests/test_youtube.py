"""The YouTube frames: reading their layout, and downloading them over connections that break."""

import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from facelm_helpers import sources
from facelm_helpers.sources._download import download, unpack
from facelm_helpers.sources.youtube import check, fetch, load

ROWS = {"train": 4, "test": 2}
TABLE = {"train": "training_frames_keypoints.csv", "test": "test_frames_keypoints.csv"}
FRAMES = {"train": "training", "test": "test"}


def layout(rows=ROWS):
    """The files of a small data set of the real format: name -> bytes."""
    rng = np.random.default_rng(0)
    files = {}
    for part, count in rows.items():
        lines = ["," + ",".join(map(str, range(136)))]
        for k in range(count):
            name = f"Person_{'ABC'[k % 3]}_{part == 'test':d}{k}.jpg"
            ending, channels = (
                (".png", 4) if k % 2 else (".jpg", 3)
            )  # PNG with transparency called .jpg, as there
            picture = rng.integers(0, 255, (160, 150, channels), np.uint8)
            picture[..., 3:] = 255
            files[f"{FRAMES[part]}/{name}"] = cv2.imencode(ending, picture)[1].tobytes()
            lines.append(name + "," + ",".join(f"{v:.1f}" for v in rng.uniform(0, 50, 136)))
        files[TABLE[part]] = "\n".join(lines).encode()
    return files


def zipped(files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture
def folder(tmp_path):
    for name, content in layout().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


class Server:
    """A server on this machine that knows Range and can hang up in the middle."""

    def __init__(self, content):
        self.content, self.asked, self.break_after, self.version, self.ranges = (
            content,
            [],
            None,
            '"one"',
            True,
        )
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range")
                outer.asked.append(asked)
                if self.path != "/train-test-data.zip":
                    return self.send_error(404)
                fresh = self.headers.get("If-Range") in (None, outer.version)
                start = int(asked[6:-1]) if asked and fresh and outer.ranges else 0
                if start >= len(outer.content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(outer.content)}")
                    self.end_headers()
                    return None
                self.send_response(206 if start else 200)
                if start:
                    last = len(outer.content)
                    self.send_header("Content-Range", f"bytes {start}-{last - 1}/{last}")
                self.send_header("Content-Length", str(len(outer.content) - start))
                self.send_header("ETag", outer.version)
                self.end_headers()
                stop = None if outer.break_after is None else start + outer.break_after
                self.wfile.write(outer.content[start:stop])
                return None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/train-test-data.zip"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server(zipped(layout()))
    yield server
    server.close()


def test_reads_the_layout(folder):
    train, test = sources.load("youtube", folder), load(folder, split="test")
    assert len(train) == 4 and len(test) == 2 and len(load(folder, split="all")) == 6
    assert train.points.shape == (4, 68, 2) and train.points.dtype == np.float32
    row = layout()[TABLE["train"]].decode().splitlines()[2].split(",")[1:]
    np.testing.assert_allclose(train.points[1].ravel(), np.float32(row), rtol=1e-6)
    assert train.persons.tolist() == ["Person_A", "Person_B", "Person_C", "Person_A"]


def test_transparency_is_taken_out(folder):
    image = load(folder)[1][0]
    assert image.shape == (160, 150, 3) and image.dtype == np.uint8
    raw = cv2.imdecode(np.frombuffer(layout()["training/Person_B_01.jpg"], np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(image, raw[..., 2::-1])


def test_no_person_on_both_sides(folder):
    train, test = load(folder, split="all").split_by_person(0.6)
    assert not set(train.persons) & set(test.persons)


def test_fetch_puts_everything_in_place_once(server, tmp_path):
    root = fetch(tmp_path / "youtube", server.address, ROWS, progress=False)
    assert len(load(root, split="all")) == 6
    assert sorted(p.name for p in root.iterdir()) == sorted([*FRAMES.values(), *TABLE.values()])
    fetch(root, server.address, ROWS, progress=False)
    assert server.asked == [None]


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    server.break_after = 150_000
    with pytest.raises(ConnectionError, match="goes on from there") as error:
        fetch(tmp_path, server.address, ROWS, progress=False)
    assert "\n" not in str(error.value)
    part = tmp_path / "train-test-data.zip.part"
    have = part.stat().st_size
    assert 60_000 < have <= 150_000 < len(server.content)
    assert part.read_bytes() == server.content[:have]
    server.break_after = None
    fetch(tmp_path, server.address, ROWS, progress=False)
    assert server.asked == [None, f"bytes={have}-"]
    assert len(load(tmp_path)) == 4 and not part.exists()


def test_two_versions_of_the_file_are_never_joined(server, tmp_path):
    server.break_after = 150_000
    with pytest.raises(ConnectionError):
        download(server.address, tmp_path / "a.zip", progress=False)
    server.break_after, server.version, server.content = None, '"two"', server.content[::-1]
    assert download(server.address, tmp_path / "a.zip", progress=False).read_bytes() == server.content


def test_a_server_without_ranges_gives_all_of_it_again(server, tmp_path):
    server.break_after = 150_000
    with pytest.raises(ConnectionError):
        download(server.address, tmp_path / "a.zip", progress=False)
    server.break_after, server.ranges = None, False
    assert download(server.address, tmp_path / "a.zip", progress=False).read_bytes() == server.content


def test_a_part_that_is_the_whole_file_is_used(server, tmp_path):
    (tmp_path / "a.zip.part").write_bytes(server.content)
    (tmp_path / "a.zip.part-version").write_text(server.version)
    assert download(server.address, tmp_path / "a.zip", progress=False).read_bytes() == server.content


def test_offline_and_refused_are_said_in_words(server, tmp_path):
    with pytest.raises(ConnectionError, match="404"):
        fetch(tmp_path, server.address + "x", ROWS, progress=False)
    server.close()
    with pytest.raises(ConnectionError, match="are you online") as error:
        fetch(tmp_path, server.address, ROWS, progress=False)
    assert "\n" not in str(error.value)
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".zip" or p.is_dir()]


@pytest.mark.parametrize(
    "content",
    [b"<html>not here</html>", zipped(layout({"train": 3, "test": 2})), zipped({"readme.txt": b"?"})],
)
def test_what_is_not_the_data_set_is_thrown_away(server, tmp_path, content):
    server.content = content
    with pytest.raises(ValueError, match="not the data set, and was thrown away"):
        fetch(tmp_path, server.address, ROWS, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../out.txt", "/out.txt", "training/../../out.txt", "C:out.txt", "a\\..\\out.txt"]
)
def test_a_zip_that_reaches_outside_is_refused_whole(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(zipped({"good.txt": b"1", name: b"2"}))
    with pytest.raises(ValueError, match="outside"):
        unpack(tmp_path / "a.zip", tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc")
    with pytest.raises(ValueError, match="outside"):
        unpack(tmp_path / "a.zip", tmp_path / "new")


def test_a_damaged_zip_leaves_nothing(tmp_path):
    whole = bytearray(zipped(layout()))
    whole[2000] ^= 255
    (tmp_path / "a.zip").write_bytes(whole)
    with pytest.raises(ValueError, match="damaged"):
        unpack(tmp_path / "a.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_bad_tables_are_said(folder):
    table = folder / TABLE["train"]
    good = table.read_text()
    for text, said in [
        (good.replace(",", ";", 200), "line 2: 73 columns"),
        (good.replace("Person_A_00", "Person_A_77"), "1 of 4 frames"),
        (good.splitlines()[0], "holds no face"),
        (good.replace(".jpg,", ".jpg,x", 1), "line 2: 'x.*' is not a number"),
        ("Person_A_00.jpg" + ",nan" * 136, "line 1: NaN"),
        ("Person_A_00.jpg" + ",1" * 136, "line 1: .* no area"),
    ]:
        table.write_text(text)
        with pytest.raises((ValueError, FileNotFoundError), match=said):
            load(folder)
    table.unlink()
    with pytest.raises(FileNotFoundError, match="course.py data youtube"):
        load(folder)
    with pytest.raises(ValueError, match="train, test or all"):
        load(folder, split="val")
    with pytest.raises(ValueError, match="2 rows; wanted 3"):
        check(folder, {"test": 3})


def test_a_table_without_a_header_keeps_its_first_face(folder):
    whole = load(folder)
    table = folder / TABLE["train"]
    table.write_text(table.read_text().split("\n", 1)[1])
    np.testing.assert_array_equal(load(folder).points, whole.points)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_table_in_another_encoding_is_named(folder, encoding):
    table = folder / TABLE["train"]
    table.write_bytes(table.read_text().replace("Person", "Pérson").encode(encoding))
    with pytest.raises(ValueError, match="training_frames_keypoints.csv is not UTF-8"):
        load(folder)


def test_real_frames(shared_data):
    faces = load(shared_data / "raw_samples" / "youtube_csv")
    assert len(faces) == 24 and "T_Boone_Pickens" in faces.persons
    for image, points, _ in faces:
        assert image.ndim == 3 and image.shape[2] == 3
        assert points.max() < 1.2 * max(image.shape)
