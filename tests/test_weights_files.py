"""Files of weights that are damaged, altered or hostile: one sentence that names the file."""

import io
import json
import zipfile

import numpy as np
import pytest

from facelm_helpers import arrays, methods, paths
from facelm_helpers.arrays import Array, read_arrays

HEAD = ("format", "name", "configuration", "provenance")


def shipped(name):
    """What the shipped file of a method holds."""
    with np.load(paths.WEIGHTS / f"{name}.npz") as file:
        return dict(file)


SHIPPED = sorted(path.stem for path in paths.WEIGHTS.glob("*.npz"))


def refused(path, name, content):
    """Loading it gives one sentence that names the file."""
    np.savez(path, **content)
    with pytest.raises(ValueError, match=path.name) as told:
        methods.of(name).load(path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_array_is_held_to_its_declaration(name, tmp_path):
    content, path = shipped(name), tmp_path / "altered.npz"
    keys = [key for key in content if key not in HEAD]
    np.savez(path, **content)
    assert methods.of(name).load(path).fitted
    network = methods.of(name).kind == "network"  # every array costs a model
    for key in (keys[0], keys[-1]) if network else keys:
        good = content[key]
        bad = [good.astype(np.complex64), np.full_like(good, 0).astype("U4")]
        bad += [] if network else [good[None]]
        if good.ndim:
            bad += [good[..., :-1]] + ([good[:0]] if key != "A_" else [])  # no textures: a legal model
        if good.dtype.kind == "f":
            bad += [np.where(np.arange(good.size).reshape(good.shape) == good.size // 2, np.nan, good)]
        for one in bad:
            refused(path, name, content | {key: one})
        refused(path, name, {other: value for other, value in content.items() if other != key})
    for extra in ("_predict", "extra_", "name_"):
        refused(path, name, content | {extra: np.zeros(3)})


@pytest.mark.parametrize(("name", "key", "value"), [
    ("ert", "splits_", 65535), ("ert", "anchors_", 68), ("esr", "pairs_", 400), ("esr", "pairs_", -1),
    ("joint_cascade", "anchors_", 255), ("sdm", "scales_", 1e30), ("cpr", "mean_", 5e8),
    ("asm", "variances_", -1), ("aam", "A_", 300), ("mean_shape", "mean_", 40), ("lbf", "scales_", -1),
    ("senet", "stem_norm/moving_variance", -1),
])  # fmt: skip
def test_values_out_of_their_range(name, key, value, tmp_path):
    content = shipped(name)
    spoilt = content[key].copy()
    spoilt.flat[3] = value
    refused(tmp_path / "spoilt.npz", name, content | {key: spoilt})


def test_arrays_that_do_not_go_together(tmp_path):
    path, esr, aam, asm = tmp_path / "odd.npz", shipped("esr"), shipped("aam"), shipped("asm")
    refused(path, "esr", esr | {"mean_": np.full((68, 2), 60, np.float32)})
    refused(path, "aam", aam | {"A0_": aam["A0_"][:-5], "A_": aam["A_"][:, :-5]})
    refused(path, "aam", aam | {"mean_shape_": np.zeros((68, 2), np.float32)})
    refused(path, "asm", asm | {"precisions_": -asm["precisions_"]})


def test_settings_that_no_aligner_has(tmp_path):
    content = shipped("esr")
    kept = json.loads(str(content["configuration"]))
    whole = next(key for key, value in kept.items() if type(value) is int and key != "size")
    share = next(key for key, value in kept.items() if type(value) is float and key != "margin")
    for changes in (
        {whole: 10**15}, {whole: -1}, {whole: "ten"}, {whole: None}, {whole: True}, {whole: [10]},
        {whole: 5.5}, {share: float("nan")}, {share: "a"}, {"margin": 1e-9},
        {"size": 10**6}, {"__class__": 3},
    ):  # fmt: skip
        text = json.dumps(kept | changes)
        refused(tmp_path / "odd.npz", "esr", content | {"configuration": text})


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '"esr"', "[" * 5000])
def test_configurations_that_are_none(text, tmp_path):
    refused(tmp_path / "odd.npz", "esr", shipped("esr") | {"configuration": text})


def test_bytes_flipped_and_files_cut(tmp_path):
    good = (paths.WEIGHTS / "mean_shape.npz").read_bytes()
    rng, path, wanted = np.random.default_rng(0), tmp_path / "bad.npz", methods.load("mean_shape").mean_
    for case in range(200):
        bad = bytearray(good)
        if case % 4:
            bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        path.write_bytes(bad if case % 4 else bad[: rng.integers(len(bad))])
        try:
            found = methods.of("mean_shape").load(path).mean_
        except ValueError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:  # a date or a comment of the archive
            np.testing.assert_array_equal(found, wanted)


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(f"{name}.npy", content)


def declaring(shape, dtype="<f4"):
    """The header of an array of a shape, and not one byte of its numbers."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_a_file_that_declares_terabytes_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "huge.npz"
    archive(path, [("a", declaring((10**9, 10**4)))])
    with pytest.raises(ValueError, match="huge.npz .* declares 40000000000000 bytes and has 0"):
        read_arrays(path)
    monkeypatch.setattr(arrays, "MOST", 1000)
    np.savez_compressed(path, a=np.zeros(2000))  # zeros unfold a thousandfold
    with pytest.raises(ValueError, match="huge.npz"):
        read_arrays(path)


def test_names_twice_types_of_objects_and_lengths_that_differ(tmp_path):
    path = tmp_path / "odd.npz"
    with pytest.warns(UserWarning, match="Duplicate"):
        archive(path, [("a", declaring((0,)))] * 2)
    with pytest.raises(ValueError, match="odd.npz .*twice"):
        read_arrays(path)
    archive(path, [("a", declaring((0,), "|O"))])
    with pytest.raises(ValueError, match="odd.npz"):
        read_arrays(path)
    np.savez(path, a=np.zeros(3), b=np.zeros(4))
    for wanted in ({"a": Array("f8", ("N",)), "b": Array("f8", ("N",))}, {"a": Array(), "c": Array()}):
        with pytest.raises(ValueError, match="odd.npz"):
            read_arrays(path, wanted)
    assert read_arrays(path, {"b": Array("f8", (4,))}, beside=["*"])["b"].shape == (4,)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path)
