"""In a real browser: notebook 13 opened in JupyterLab and run, a slider dragged, a photograph uploaded.

The browser is whichever Chromium or Chrome lies on this machine; Playwright only drives it and downloads
nothing. Where there is none the test is left out, in words; in CI (CI=true) it fails instead.
"""

import contextlib
import functools
import html
import http.server
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import unquote

import cv2
import nbformat
import numpy as np
import pytest
import skimage.data
from conftest import REPOSITORY

from facelm_helpers import detectors, images, methods, plots
from facelm_helpers.boxes import overlap
from facelm_helpers.plots import picture
from facelm_helpers.sources import pts
from tools.ship import app, book, in_browser, shelf
from tools.ship.places import place

NOTEBOOK = "13_compare_live.ipynb"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    # a webcam that shows the file below, and nobody to ask for permission
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
PATIENCE = 120_000  # milliseconds: a machine that runs other tests beside this one is slow

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium whose webcam sees a photograph of a face."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        words = f"no browser here: looked for {', '.join(BROWSERS)} (Debian: apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    film = tmp_path_factory.mktemp("webcam") / "webcam.mjpeg"
    _, frame = cv2.imencode(".jpg", cv2.resize(skimage.data.astronaut()[:384, ::-1, ::-1], (640, 480)))
    film.write_bytes(frame.tobytes() * 4)
    with sync_playwright() as playwright:
        options = [*OPTIONS, f"--use-file-for-fake-video-capture={film}"]
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """A photograph to upload: another cut, mirrored."""
    path = tmp_path_factory.mktemp("upload") / "my photograph.png"
    cv2.imwrite(str(path), skimage.data.astronaut()[:400, 380:60:-1, ::-1])
    return path


def surroundings(folder):
    """Jupyter's own files go into the test's folder, whatever is set up on this machine stays out."""
    names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
             "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
             "IPYTHONDIR": "ipython"}  # fmt: skip
    for name in names.values():
        (folder / name).mkdir(parents=True, exist_ok=True)
    given = {name: str(folder / value) for name, value in names.items()}
    return os.environ | given | {
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
        "JUPYTER_PREFER_ENV_PATH": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip


@contextlib.contextmanager
def server(command, address, folder, environment):
    """Start a server, wait until it answers, and end it and all that it started."""
    log = folder / "server.log"
    group = {} if os.name == "nt" else {"start_new_session": True}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT, **group
        )
    try:
        _wait_for(address, process, log)
        yield
    finally:
        if os.name == "nt":
            process.terminate()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address, process, log):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended:\n{log.read_text(errors='replace')[-3000:]}"
        try:
            with opener.open(address, timeout=PATIENCE / 1000):
                return
        except urllib.error.HTTPError:
            return  # it answers, be it with a refusal
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server does not answer:\n{log.read_text(errors='replace')[-3000:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder, notebook=REPOSITORY / "notebooks" / NOTEBOOK):
    """JupyterLab on a copy of the notebook; gives the notebook's address."""
    shutil.copy(notebook, folder)
    environment, port, token = surroundings(folder / "jupyter"), free_port(), secrets.token_hex(16)
    _without_windowing(folder / "jupyter" / "settings")
    command = [
        sys.executable, "-W", "ignore", "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={folder}",
        f"--LabApp.extra_labextensions_path={REPOSITORY / 'tools' / 'jupyter' / 'labextensions'}",
        "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--LabApp.news_url=",
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    with server(command, f"{base}/api", folder, environment | {"JUPYTER_TOKEN": token}):
        yield f"{base}/lab/tree/{notebook.name}?token={token}"


def _without_windowing(settings):
    """Keep every cell in the page, not only those that are in sight, and ask about no news."""
    for name, values in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


@contextlib.contextmanager
def voila(folder):
    """The app of `python course.py app`; gives its address."""
    port, token = free_port(), secrets.token_hex(16)
    command = app.command(app.write(folder), port, opens=False)
    environment = app.variables() | surroundings(folder / "jupyter") | {"JUPYTER_TOKEN": token}
    with server(command, f"http://127.0.0.1:{port}/api", folder, environment):
        yield f"http://127.0.0.1:{port}", token


# --- what a person does -----------------------------------------------------------------------------------


def pictures(page):
    """The two overlays as they arrived in the browser, as arrays."""
    page.wait_for_function(
        """() => ["left", "right"].every(side => {
            const image = document.querySelector(`.facelm-compare img.facelm-${side}`);
            return image && image.complete && image.naturalWidth > 0;
        })"""
    )
    fetched = [
        page.eval_on_selector(
            f".facelm-compare img.facelm-{side}",
            "async image => Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer()))",
        )
        for side in ("left", "right")
    ]
    return [cv2.imdecode(np.array(content, np.uint8), cv2.IMREAD_COLOR) for content in fetched]


def wait_until_both_changed(page, before):
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        with contextlib.suppress(Exception):  # a picture may be replaced while it is read
            now = pictures(page)
            if all((new != old).any() for new, old in zip(now, before, strict=True)):
                return now
        page.wait_for_timeout(200)
    pytest.fail("one of the two overlays did not change")


def drag(page, slider, share):
    """Take a slider's handle with the mouse and pull it along by a share of the slider's length."""
    track = page.locator(f".facelm-{slider} .noUi-target").first
    handle = page.locator(f".facelm-{slider} .noUi-handle").first
    handle.scroll_into_view_if_needed()
    start, length = handle.bounding_box(), track.bounding_box()["width"]
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + share * length, y, steps=6)
    page.mouse.up()


def answer_dialog(page):
    """Accept the question that lies over JupyterLab, if one does, and return its words.

    A slow machine may be asked which kernel to use before the one that the notebook names has answered; the
    proposal is always the right one here.
    """
    dialog = page.locator(".jp-Dialog").first
    if not dialog.is_visible():
        return ""
    words = " ".join(dialog.inner_text().split())
    with contextlib.suppress(Exception):  # it may close by itself meanwhile
        dialog.locator(".jp-mod-accept").click(timeout=PATIENCE / 4)
    return words


def run_all_cells(page, shown):
    """Choose Run > Run All Cells until something is shown; again if JupyterLab was not ready to hear it."""
    asked = []
    for _ in range(4):
        with contextlib.suppress(Exception):
            asked.append(answer_dialog(page))
            page.locator(".lm-MenuBar-item", has_text="Run").first.click(timeout=PATIENCE / 4)
            page.locator(".lm-Menu-item", has_text="Run All Cells").first.click(timeout=PATIENCE / 4)
        for _ in range(PATIENCE // 1000):
            if page.locator(shown).first.is_visible():
                return
            asked.append(answer_dialog(page))
            page.wait_for_timeout(1000)
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
    pytest.fail(f"no {shown} came; prompts {prompts}; JupyterLab asked {[words for words in asked if words]}")


def upload(page, file):
    button = page.locator(".facelm-compare button", has_text="Upload your own")
    button.scroll_into_view_if_needed()
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(file)


def status(page, words):
    """Wait until the sentence above the pictures holds these words."""
    page.locator(".facelm-compare .facelm-status", has_text=words).wait_for(state="visible")


def chosen(page, name):
    """Wait until the menu of pictures stands on this one (ipywidgets writes spaces that do not break)."""
    page.wait_for_function(
        """name => [...document.querySelectorAll(".facelm-compare select")].some(menu =>
            [...menu.selectedOptions].some(option => option.text.replaceAll("\\u00a0", " ") === name))""",
        arg=name,
    )


def walk_through(page, photograph, tmp_path):
    """The whole road, the same on both pages."""
    page.locator(".facelm-compare").first.wait_for()
    status(page, "Discrepancy")
    assert page.locator(".facelm-compare img[title*='SENet']").count() == 1  # what a screen reader speaks
    first = pictures(page)
    assert (first[0] != first[1]).any()  # two methods, two overlays

    drag(page, "rotation", 0.2)
    turned = wait_until_both_changed(page, first)

    upload(page, photograph)
    chosen(page, photograph.name)
    mine = wait_until_both_changed(page, turned)

    words = tmp_path / "notes.png"
    words.write_text("this is no picture")
    upload(page, words)
    status(page, "notes.png is not a picture that can be read")
    assert all((new == old).all() for new, old in zip(pictures(page), mine, strict=True))

    page.get_by_role("button", name="Use the webcam").click()
    page.wait_for_function("() => [...document.querySelectorAll('.facelm-compare video')]"
                           ".some(video => video.videoWidth > 0 && !video.paused)")  # fmt: skip
    page.get_by_role("button", name="Take the picture").click()
    chosen(page, "your webcam's picture")
    wait_until_both_changed(page, mine)


def test_notebook_13_in_jupyterlab(page, photograph, tmp_path):
    with jupyterlab(tmp_path) as address:
        page.goto(address)
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        run_all_cells(page, ".facelm-compare")
        # the kernel answers the widget when it is through with the last cell: until then prompts show [*]
        page.wait_for_function(
            """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
                .every(prompt => !prompt.textContent.includes("*"))"""
        )
        complaints = '[data-mime-type*="stderr"], [data-mime-type*="vnd.jupyter.error"]'
        assert page.locator(complaints).all_text_contents() == []
        walk_through(page, photograph, tmp_path)


def test_pictures_in_jupyterlab_have_their_alternative_text(page, tmp_path):
    stored, code = "A line, stored.", "from facelm_helpers import plots\nplots.show(plots.canvas()[0])"
    content, kind, width = picture.encode(plots.face(np.zeros((9, 9, 3), np.uint8)))
    data, metadata = picture.bundle(content, kind, width, alt=stored)
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cells = [
        nbformat.v4.new_code_cell("1", outputs=[output]),
        nbformat.v4.new_code_cell(code, metadata={"alt": "Axes, run again."}),
    ]
    (tmp_path / "lab").mkdir()
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "pictures.ipynb")
    with jupyterlab(tmp_path / "lab", tmp_path / "pictures.ipynb") as address:
        page.goto(address)
        page.locator(f'.jp-RenderedImage img[alt="{stored}"]').wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        run_all_cells(page, '.jp-RenderedImage img[alt="Axes, run again."]')


WIDTHS = [390, 1300]  # a phone and a desk


def serious(page):
    """What axe-core finds on a page that keeps somebody from using it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


def sideways(page):
    """By how many pixels a page can be scrolled to the side."""
    return page.evaluate(
        """() => Math.max(...[document.documentElement, ...document.querySelectorAll("#rendered_cells")]
            .map(part => part.scrollWidth - part.clientWidth))"""
    )


def test_the_app_on_a_phone_and_at_a_desk(page, tmp_path):
    link = "left=sdm&right=ert&picture=synthetic%2C+frontal+1&rotation=20&stage=4"
    with voila(tmp_path) as (address, token):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{address}{app.PAGE}?{link}&token={token}")
            status(page, "Nearer to the truth")
            page.locator(".facelm-compare .noUi-handle[aria-label=stage]").wait_for()
            assert page.locator(".facelm-compare", has_text="stage 4 of 10").count() == 1
            page.get_by_role("button", name="Save or share").click()
            shared = page.get_by_role("link", name="link to this state")
            assert shared.get_attribute("href").lstrip("?") == link
            with page.expect_download() as download:
                page.locator("a[download='points.csv']").click()
            assert len(download.value.path().read_text().splitlines()) == 69
            tracks = page.eval_on_selector_all(
                ".facelm-compare .noUi-target", "tracks => tracks.map(track => track.clientWidth)"
            )
            assert len(tracks) == 9 and min(tracks) > 100
            assert sideways(page) == 0 and serious(page) == []


def sampled():
    """Pages of every kind that the book has, none of them among the largest."""
    notebook = [path for path in shelf.notebooks() if path.stem.startswith("05")]
    room = [path for path in shelf.references() if path.stem == "metrics"]
    return [*notebook, *shelf.references()[:6], *room, *shelf.documents()[:1]]


def astray(files):
    """The links between pages whose place is on none."""
    places = {file: set(re.findall(r'\bid="([^"]*)"', file.read_text(encoding="utf-8"))) for file in files}
    found = []
    for file in files:
        for target in re.findall(r'href="([^":]*)"', file.read_text(encoding="utf-8")):
            name, _, place = unquote(target).partition("#")
            other = (file.parent / name).resolve() if name else file
            if not other.is_file() or place and html.unescape(place) not in map(html.unescape, places[other]):
                found.append((file.name, target))
    return found


@pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.campaign)])
def test_the_books_pages_can_be_read_by_everybody(page, tmp_path, everything):
    folder = tmp_path / "book"
    if everything:
        assert book.main(["--output", str(folder)]) == 0
        assert astray(sorted(folder.resolve().glob("**/*.html"))) == []
    else:
        book.write(sampled(), folder)
    files = sorted(folder.glob("**/*.html"))
    wrong, asked = {}, []
    page.on("request", lambda request: asked.append(request.url))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for file in files:
            page.goto(file.as_uri() + ("?q=normaliser" if file.name == "search.html" else ""))
            found = [*serious(page), *filter(None, [sideways(page)])]
            wrong |= {(file.name, width): found} if found else {}
    assert files and wrong == {}
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_books_search_works_without_a_server(page, tmp_path):
    book.write([*shelf.notebooks()[:1], *shelf.references()[:1]], tmp_path / "book")
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto((tmp_path / "book" / "reference" / "glossary.html").as_uri())
    page.get_by_role("searchbox").fill("关键点")
    page.get_by_role("button", name="Search").click()
    found = page.locator(".facelm-found li")
    assert "landmark" in found.all_inner_texts()[0] and page.url.endswith(
        "search.html?q=%E5%85%B3%E9%94%AE%E7%82%B9"
    )
    page.get_by_role("searchbox", name="Search the book").fill("Normalizer")  # as an American writes it
    assert "normaliser" in found.all_inner_texts()[0] and page.locator("mark").count() > 0
    page.get_by_role("searchbox", name="Search the book").fill("point number")
    found.get_by_role("link", name="Every point has a number").click()
    assert page.locator("h2:target").inner_text().startswith("Every point has a number")
    page.go_back()
    page.get_by_role("searchbox", name="Search the book").fill("no such word (")
    assert page.get_by_role("status").inner_text() == "Nothing found." and errors == []


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without telling it")
def test_what_ends_the_app_ends_all_that_it_has_started(tmp_path):
    import psutil

    port = free_port()
    command = [sys.executable, "-m", "tools.ship.app", "--no-browser", f"--port={port}"]
    environment = surroundings(tmp_path / "jupyter")
    with (tmp_path / "app.log").open("w+") as log:
        process = psutil.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", process, tmp_path / "app.log")
            end = time.monotonic() + PATIENCE / 1000
            while not (found := re.search(r"http://\S+", (tmp_path / "app.log").read_text())):
                assert time.monotonic() < end and process.poll() is None
                time.sleep(0.2)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(found[0].replace("localhost", "127.0.0.1"), timeout=PATIENCE / 1000) as page:
                page.read()  # a kernel has run
            started = process.children(recursive=True)
            assert len(started) >= 2  # the server and the kernel
            process.terminate()
            process.wait(timeout=PATIENCE / 1000)
            assert not psutil.wait_procs(started, timeout=PATIENCE / 1000)[1]
        finally:
            for one in [*process.children(recursive=True), process] if process.is_running() else []:
                one.kill()


def test_the_app_in_voila(page, photograph, tmp_path):
    asked = set()
    with voila(tmp_path) as (address, token):
        page.on("request", lambda request: asked.add(request.url.split("?")[0]))
        page.goto(f"{address}{app.PAGE}?token={token}")
        walk_through(page, photograph, tmp_path)
        assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()

        def kernels(**headers):
            request = urllib.request.Request(
                f"{address}/api/kernels", headers={"Authorization": f"token {token}"} | headers
            )
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=PATIENCE / 1000) as reply:
                return json.loads(reply.read())

        assert len(kernels()) == 1
        with pytest.raises(urllib.error.HTTPError, match="403"):  # a foreign name that leads to this machine
            kernels(Host="elsewhere.example")
        page.goto("about:blank")
        end = time.monotonic() + PATIENCE / 1000
        while kernels() and time.monotonic() < end:
            time.sleep(1)
        assert kernels() == []  # a page that was left leaves no kernel behind


def test_an_answer_of_a_quiz_is_explained_with_a_script_and_without(page, browser, tmp_path):
    book.write(shelf.notebooks()[:1], tmp_path / "book")
    (file,) = (tmp_path / "book").glob("00_*.html")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(file.as_uri())
        questions = page.locator(".facelm-quiz fieldset").all()
        assert page.locator(".facelm-quiz details:visible").count() == 0
        for question in questions:
            question.locator(".facelm-answer:not([data-right]) input").first.focus()
            page.keyboard.press("Space")
            assert question.locator(".facelm-verdict").inner_text().startswith("Not quite.")
            question.locator(".facelm-answer[data-right] input").check()
            assert question.locator(".facelm-verdict").inner_text().startswith("Right.")
        assert page.locator(".facelm-score").inner_text() == "0 of 5 right at the first try."
        assert serious(page) == [] and sideways(page) == 0
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(file.as_uri())
    answer = plain.locator(".facelm-answer[data-right]").first
    answer.locator("summary").click()
    assert "Right." in answer.inner_text()


def test_a_head_turns_on_its_page_without_a_kernel(page, tmp_path):
    (three,) = (path for path in shelf.notebooks() if path.stem == "08_three_dimensions")
    book.write([three], tmp_path / "book")
    page.goto((tmp_path / "book" / place(three)).as_uri())
    view = page.locator(".facelm-turned")
    shown, yaw = view.locator("img:visible"), view.locator("input").first
    assert shown.count() == 1 and "yaw 30" in shown.get_attribute("alt")
    assert serious(page) == [] and not sideways(page)
    yaw.focus()
    yaw.press("End")
    assert shown.count() == 1 and "yaw 90" in shown.get_attribute("alt")
    assert yaw.get_attribute("aria-valuetext") == "90"
    near = shown.get_attribute("src")
    view.locator("input").last.press("Home")
    assert "1.5 away" in shown.get_attribute("alt") and shown.get_attribute("src") != near


def test_the_leaderboard_is_sorted_by_mouse_and_by_keyboard(page, tmp_path):
    (board,) = [path for path in shelf.documents() if path.stem == "leaderboard"]
    book.write([board], tmp_path / "book")
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(next((tmp_path / "book").glob("**/leaderboard.html")).as_uri())
    table = page.locator(".facelm-sortable table").first
    sizes = table.get_by_role("button", name="MB")
    column = table.locator("thead th").all_inner_texts().index(sizes.inner_text())

    def values(at):
        return [row.locator("td").nth(at).inner_text() for row in table.locator("tbody tr").all()]

    sizes.click()
    assert table.locator("th[aria-sort=ascending]").all_inner_texts() == [sizes.inner_text()]
    found = [float(text) for text in values(column)]
    assert found == sorted(found)
    page.keyboard.press("Enter")  # the button has the focus
    assert (
        table.locator("th[aria-sort=descending]").count() == 1 and table.locator("th[aria-sort]").count() == 1
    )
    assert [float(text) for text in values(column)] == sorted(found, reverse=True)
    assert "Sorted by MB, largest first." in page.locator(".facelm-status").first.inner_text()
    work = table.get_by_role("button", name="million multiply-adds")
    for _ in range(2):  # whatever the direction, what has no figure comes last
        work.click()
        texts = values(table.locator("thead th").all_inner_texts().index(work.inner_text()))
        assert texts[-1] == "-" and texts[0] != "-"
    assert errors == [] and serious(page) == []


@contextlib.contextmanager
def static(folder):
    """Serve a folder as plain files; gives its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    ) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{files.server_port}"
        files.shutdown()


def said(page, act):
    """What the page says after something was done."""
    page.evaluate("() => document.getElementById('status')?.replaceChildren()")
    act()
    page.wait_for_function("() => document.getElementById('status').textContent.includes('SENet expects')")
    return page.locator("#status").inner_text()


def box_on(page):
    x, y, side = map(float, page.locator("#stage").get_attribute("data-box").split())
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2])


def test_senet_runs_in_the_browser_without_python(page, photograph, tmp_path):
    lacking = in_browser.write(tmp_path)
    if lacking:
        pytest.skip(lacking)
    senet, wrong = methods.load("senet"), []
    page.on("pageerror", lambda error: wrong.append(error))
    pictures = [*sorted((tmp_path / "in_the_browser").glob("sample_*.png")), photograph]
    assert len(pictures) == 4

    def compare(file, words):
        with page.expect_download() as download:
            page.get_by_role("link", name="Save the points").click()
        download.value.save_as(tmp_path / "points.pts")
        image, box = images.read_image(file), box_on(page)
        found = pts.read_pts(tmp_path / "points.pts")
        points, score = senet.predict([image], [box], scores=True)
        assert np.abs(found - points[0]).max() < 0.1  # pixels
        assert abs(float(re.search(r"error of ([\d.]+) %", words)[1]) - 100 * np.exp(-score[0])) < 0.1
        return overlap(box, detectors.detect(image, "blazeface")[:1])[0]

    with static(tmp_path) as address:
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(address)
                   else (wrong.append(route.request.url), route.abort()))  # fmt: skip
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            words = said(page, lambda: page.goto(f"{address}/in_the_browser.html"))
            assert compare(pictures[0], words) > 0.9
            assert serious(page) == [] and sideways(page) == 0
        menu = page.get_by_label("Sample")
        for k in (1, 2):
            assert compare(pictures[k], said(page, lambda k=k: menu.select_option(index=k))) > 0.9
        upload = page.get_by_label("Your photograph")
        assert compare(photograph, said(page, lambda: upload.set_input_files(photograph))) > 0.9

        before, stage = box_on(page), page.get_by_role("application")
        stage.focus()
        for key in ("ArrowRight", "ArrowUp", "+"):
            words = said(page, lambda key=key: page.keyboard.press(key))
        assert (box_on(page)[1:3] != before[1:3]).all() and np.ptp(box_on(page)[::2]) > np.ptp(before[::2])
        compare(photograph, words)
        before = box_on(page)
        said(page, lambda: stage.click(position={"x": 5, "y": 5}))  # beside the box: it comes
        assert abs(box_on(page)).max() < 10 + np.ptp(before[::2]) / 2

        notes = tmp_path / "notes.png"
        notes.write_text("this is no picture")
        upload.set_input_files(notes)
        page.get_by_role("status").filter(has_text="notes.png is not a picture").wait_for()
        said(page, lambda: page.get_by_role("button", name="Use the webcam").click())
        page.get_by_role("button", name="Stop the webcam").click()
    assert wrong == []
