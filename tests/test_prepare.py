"""`course.py data prepare 300w-lp`: shards, the same for any number of jobs, resumed, and learnt from."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import REPOSITORY
from scipy.io import savemat

from facelm_helpers import sources, tfrecords
from facelm_helpers.faces import normalise, to_vector
from facelm_helpers.sources import w300lp
from tools.data import fetch, prepare
from tools.train import method, together

CUT = prepare.Cut(size=64, margin=2.25, share=0.6, shard_size=4)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Default faces in the files of 300W-LP: six photographs, three renders of each."""
    folder = tmp_path_factory.mktemp("300W_LP")
    faces = sources.load("synthetic", n=18, seed=0, progress=False)
    for k in range(18):
        subset = ("AFW", "HELEN")[k % 6 > 2]
        name = f"{subset}_{1000 + k % 6}_1_{k // 6}"
        for place in (folder / subset, folder / "landmarks" / subset):
            place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / subset / f"{name}.jpg"), faces.images[k][..., ::-1])
        savemat(folder / subset / f"{name}.mat", {"Pose_Para": np.zeros((1, 7))})
        points = {"pts_2d": faces.points[k], "pts_3d": faces.points[k] + 1}
        savemat(folder / "landmarks" / subset / f"{name}_pts.mat", points)
    return folder


@pytest.fixture(scope="module")
def prepared(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    prepare.prepare(root, folder, CUT, progress=False)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_manifest_says_what_lies_there(prepared):
    manifest = json.loads((prepared / "manifest.json").read_text())
    assert {*manifest["shards"], "manifest.json"} == {path.name for path in prepared.iterdir()}
    for name, facts in manifest["shards"].items():
        content = (prepared / name).read_bytes()
        assert facts["sha256"] == hashlib.sha256(content).hexdigest() and facts["bytes"] == len(content)
    assert sum(facts["faces"] for facts in manifest["shards"].values()) == 18
    assert manifest["settings"]["points"] == "pts_2d" and manifest["settings"]["pictures"][:8] == "18 files"
    assert str(prepared.parent) not in json.dumps(manifest)  # of no machine


def test_a_photograph_is_on_one_side_with_all_its_renders(prepared):
    train, test = (tfrecords.read(prepared, split) for split in tfrecords.SPLITS)
    assert not set(train.persons) & set(test.persons)
    assert all((np.concatenate([train.persons, test.persons]) == name).sum() == 3 for name in train.persons)


def test_the_crops_are_those_of_the_faces(prepared, root):
    faces = sources.load("300w-lp", root)
    labels = to_vector(normalise(faces.crops(64, 2.25).points, 64))
    found = [tfrecords.get_one_batch(1, "test", k, folder=prepared)[1][0] for k in range(6)]
    assert all(np.abs(labels - label).max(1).min() < 1e-6 for label in found)


@pytest.mark.slow
def test_two_jobs_write_the_same_bytes(prepared, root, tmp_path):
    command = [
        "prepare",
        "300w-lp",
        "--root",
        str(root),
        "--out",
        str(tmp_path),
        "--jobs",
        "2",
        "--size",
        "64",
    ]
    assert fetch.main([*command, "--shard-size", "4"]) == 0
    two = contents(tmp_path)
    prepare.prepare(root, tmp_path, prepare.Cut(size=64, shard_size=4), fresh=True, progress=False)
    assert contents(tmp_path) == two and len(two) == 6


KILLED = """
import os, signal, sys
from tools.data import prepare
made, make = [], prepare.make
def dies(shard):
    if len(made) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    made.append(make(shard))
    return made[-1]
prepare.make = dies
prepare.prepare(sys.argv[1], sys.argv[2], prepare.Cut(size=64, margin=2.25, share=0.6, shard_size=4))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_makes_no_shard_twice(prepared, root, tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(tmp_path)], cwd=REPOSITORY)
    assert done.returncode < 0
    left = sorted(tmp_path.glob("*.tfrecords"))
    assert len(left) == 2 and all(path.read_bytes() == (prepared / path.name).read_bytes() for path in left)
    with pytest.raises(FileNotFoundError, match="1 of 3 parts are missing"):
        tfrecords.read(tmp_path)
    (tmp_path / ".train-00002-of-00003.tfrecords.killed.part").mkdir()  # killed within a file
    made = prepare.prepare(root, tmp_path, CUT, progress=False)
    assert len(made) == len(contents(prepared)) - 3 and not {path.name for path in left} & set(made)
    assert contents(tmp_path) == contents(prepared)
    assert prepare.prepare(root, tmp_path, CUT, progress=False) == []


def test_a_damaged_shard_is_named_by_the_reader_and_made_again(prepared, root, tmp_path, capsys):
    for name, content in contents(prepared).items():
        (tmp_path / name).write_bytes(content)
    bad = tmp_path / "train-00001-of-00003.tfrecords"
    changed = bytearray(bad.read_bytes())
    changed[200] ^= 1
    bad.write_bytes(changed)
    with pytest.raises(ValueError, match="train-00001-of-00003.tfrecords is damaged, its SHA-256") as told:
        tfrecords.read(tmp_path)
    assert "\n" not in str(told.value) and "data prepare" in str(told.value)
    assert prepare.prepare(root, tmp_path, CUT, progress=False) == [bad.name]
    assert f"{bad} is damaged" in capsys.readouterr().err
    assert contents(tmp_path) == contents(prepared)


def said(capsys, root, out, *options):
    assert fetch.main(["prepare", "300w-lp", "--root", str(root), "--out", str(out), *options]) == 1
    text = capsys.readouterr().err.strip()
    assert "\n" not in text and "Traceback" not in text
    return text


def test_what_cannot_be_done_is_one_sentence(root, prepared, tmp_path, capsys, monkeypatch):
    assert "course.py data 300w-lp" in said(capsys, tmp_path / "none", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "its margin was 2.25 and is now 2.0: choose another" in said(
        capsys, root, prepared, "--size", "64", "--shard-size", "4", "--margin", "2"
    )
    assert "jobs is 0" in said(capsys, root, tmp_path / "out", "--jobs", "0")
    assert "shard_size is 0" in said(capsys, root, tmp_path / "out", "--shard-size", "0")
    (tmp_path / "file").touch()
    assert "file" in said(capsys, root, tmp_path / "file" / "below")
    (tmp_path / "foreign.tfrecords").touch()
    assert "records that were not prepared" in said(capsys, root, tmp_path)
    (tmp_path / "foreign.tfrecords").unlink()
    (tmp_path / "manifest.json").write_text("{}")
    assert "manifest.json is damaged" in said(capsys, root, tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "x")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert f"{tmp_path / 'out'} cannot be written: Permission denied" in said(capsys, root, tmp_path / "out")


def test_a_damaged_file_of_the_data_set_is_named(root, tmp_path, monkeypatch):
    def damaged(path, which):
        raise ValueError(f"{path} is not a MATLAB file, or is damaged or cut off")

    monkeypatch.setattr(w300lp, "read_points_of", damaged)
    with pytest.raises(ValueError, match="is damaged or cut off"):
        prepare.prepare(root, tmp_path, progress=False)


def test_records_written_otherwise_replace_the_manifest(prepared, root, tmp_path):
    for name, content in contents(prepared).items():
        (tmp_path / name).write_bytes(content)
    tfrecords.write(sources.load("300w-lp", root), tmp_path, "train", shard_size=6, progress=False)
    assert not (tmp_path / "manifest.json").exists() and len(tfrecords.read(tmp_path)) == 18


def test_each_worker_learns_from_files_of_its_own(prepared, monkeypatch):
    asked = method.parser().parse_args(
        ["senet", "--faces", "records", "--root", str(prepared), "--workers", "2"]
    )
    n = len(tfrecords.read(prepared))
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(method.training, "workers", lambda rank=rank: (rank, 2))
        parts.append(method.part_of(asked, n))
    assert sorted([*parts[0], *parts[1]]) == list(range(n)) and min(map(len, parts)) == 4
    monkeypatch.setattr(method.training, "workers", lambda: (0, 4))
    with pytest.raises(ValueError, match="3 files of records for 4 workers: wanted one for each"):
        method.part_of(asked, n)


TRAIN = ["vanilla_cnn", "--steps", "4", "--save-every", "2", "--set", "batch_size=4", "--faces", "records"]


@pytest.mark.slow
def test_a_network_learns_from_the_shards(prepared, tmp_path, capsys):
    method.main([*TRAIN, "--root", str(prepared), "--folder", str(tmp_path)])
    assert "12 faces to learn from, 6 of other people" in capsys.readouterr().out
    assert (tmp_path / "vanilla_cnn.npz").is_file()


# a worker as `course.py train` starts it, where TensorFlow cannot be imported
WORKER = (
    "import sys; sys.modules['tensorflow'] = None; from tools.train import method; method.main(sys.argv[1:])"
)


@pytest.mark.slow
def test_two_workers_learn_from_the_shards_without_tensorflow(prepared, tmp_path, monkeypatch):
    pytest.importorskip("jax", reason="pip install -e .[workers]")
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # two workers are refused where there is one card
    options = ["--root", str(prepared), "--folder", str(tmp_path), "--workers", "2"]
    together.run(["-c", WORKER, *TRAIN, *options], 2)
    assert (tmp_path / "vanilla_cnn.npz").is_file()
    assert len(json.loads((tmp_path / "history.json").read_text())["losses"]) == 4
