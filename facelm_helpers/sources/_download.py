"""Fetch a large file over a connection that may break, and unpack it without trusting it."""

import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tqdm.auto import tqdm


def download(address, path, progress=True):
    """The file at an address, fetched to ``path``; after a break, the next call goes on where it stopped.

    What has come is kept as ``path`` with ``.part`` added, with a note of the server's version of the file,
    so that halves of two versions are never joined.

    Raises
    ------
    ConnectionError
        If the server cannot be reached, refuses, or the connection breaks.
    """
    import pooch

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # its advice to pin a hash is not for a student
    try:
        return Path(
            pooch.retrieve(address, known_hash=None, fname=path.name, path=path.parent,
                           downloader=_Resumable(path.with_name(f"{path.name}.part"), progress))
        )  # fmt: skip
    finally:
        logger.setLevel(level)


class _Resumable:
    """A downloader for pooch that asks only for the bytes it does not have yet (HTTP Range, If-Range)."""

    def __init__(self, part, progress):
        self.part, self.version, self.progress = part, part.with_name(f"{part.name}-version"), progress

    def __call__(self, url, output_file, pooch):
        import requests

        host = urlsplit(url).hostname
        try:
            self._fetch(url)
        except requests.HTTPError as error:
            status = error.response.status_code
            raise ConnectionError(f"{host} does not serve {url}: status {status}") from None
        except requests.RequestException as error:
            have = self.part.stat().st_size if self.part.exists() else 0
            raise ConnectionError(
                f"the connection to {host} failed ({type(error).__name__}), with {have / 1e6:.1f} MB fetched:"
                " are you online? Run the same again and it goes on from there"
            ) from None
        os.replace(self.part, output_file)
        self.version.unlink(missing_ok=True)

    def _fetch(self, url):
        import requests

        have = self.part.stat().st_size if self.part.exists() and self.version.exists() else 0
        ask = {"Accept-Encoding": "identity"}
        if have:
            ask |= {"Range": f"bytes={have}-", "If-Range": self.version.read_text(encoding="latin-1")}
        with requests.get(url, headers=ask, stream=True, timeout=(10, 60)) as answer:
            if answer.status_code == 416 and have:
                if answer.headers.get("Content-Range", "").endswith(f"/{have}"):
                    return  # all of it had come
                self.part.unlink()
                return self._fetch(url)
            answer.raise_for_status()
            if answer.status_code != 206:  # the server gives all of it, or has another version now
                have = 0
                self._note_version(answer.headers)
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else None
            with (
                open(self.part, "ab" if have else "wb") as file,
                tqdm(total=total, initial=have, unit="B", unit_scale=True, desc="downloading",
                     disable=not self.progress) as bar,
            ):  # fmt: skip
                for piece in answer.iter_content(1 << 16):
                    file.write(piece)
                    bar.update(len(piece))
        if total is not None and self.part.stat().st_size != total:
            raise requests.ConnectionError("the file came short")

    def _note_version(self, headers):
        tag = headers.get("ETag", "")
        version = tag if tag.startswith('"') else headers.get("Last-Modified", "")  # weak tags do not serve
        self.version.unlink(missing_ok=True)
        if version:
            self.version.write_text(version, encoding="latin-1")


def unpack(archive, folder):
    """Unpack a zip file into a new folder, after a look at every name in it.

    Raises
    ------
    ValueError
        If it is no zip file, is damaged, or a member lies outside the folder or is a link. Nothing
        is kept.
    """
    folder = Path(folder)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.filename.startswith("__MACOSX/")]
            for info in members:
                _check_member(archive, info)
            folder.mkdir(parents=True)
            for info in members:
                opened.extract(info, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ValueError(f"{archive} is not a zip file, or is damaged: {error}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _check_member(archive, info):
    name = info.filename
    parts = PurePosixPath(name).parts
    outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in name
    if outside or stat.S_ISLNK(info.external_attr >> 16):
        raise ValueError(f"{archive} holds {name!r}, which lies outside its folder: nothing was unpacked")
