"""A lesson on a hub: students who run notebooks at the same time, and a server that is killed meanwhile."""

import threading
import time

import nbformat
import psutil

from tools.hub.student import Student, errors
from tools.measure.memory import Watch, resident
from tools.notebook.build import NOTEBOOKS
from tools.setup.addresses import HOME

FOLDER = f"{HOME}/notebooks"


def bring(student):
    """Put every notebook of the course, its outputs removed, into a student's home. Returns their paths."""
    student.folder(FOLDER)
    paths = []
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        student.save(f"{FOLDER}/{path.name}", emptied(nbformat.read(path, as_version=4)))
        paths.append(f"{FOLDER}/{path.name}")
    return paths


def emptied(notebook):
    """A notebook without its outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def together(hub, plan):
    """Each student runs a notebook from top to bottom, all at the same time.

    Parameters
    ----------
    hub : Hub
    plan : dict
        Name of a student, whose server runs and has the notebooks -> number of a notebook, such as "04".

    Returns
    -------
    dict
        ``seconds``: number -> of each of its students. ``errors``: sentences. Bytes of the hub and of all
        that it started: ``idle`` before the first kernel, ``peak`` at most.
    """
    seconds = {number: [] for number in sorted(set(plan.values()))}
    found = []

    def work(student, number):
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        begun = time.monotonic()
        try:
            notebook = student.run(f"{FOLDER}/{path.name}")
        except Exception as error:  # told with the rest: a thread's own would be lost
            found.append(f"{student.name}, {number}: {error}")
            return
        seconds[number].append(round(time.monotonic() - begun))
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        found.extend(f"{student.name}, {number}: {words}" for words in errors(outputs))

    threads = [threading.Thread(target=work, args=(Student(hub, name), plan[name])) for name in plan]
    idle = resident(psutil.Process(hub.pid))
    with Watch(hub.pid) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {"seconds": seconds, "errors": found, "idle": idle, "peak": watch.peak}


def killed_and_reopened(hub, name, paths):
    """Kill a student's server, start it again and open every notebook.

    A cell is added to each notebook and saved before.

    Returns
    -------
    list of str
        What is not as it was saved, one sentence each: empty, if all is well.
    """
    student, saved = Student(hub, name), {}
    for path in paths:
        notebook = student.open(path)
        notebook.cells.append(nbformat.v4.new_code_cell(f"mine = {path!r}"))
        student.save(path, notebook)
        saved[path] = student.open(path)
    kernel = student.kernel(paths[0])  # one is at work meanwhile
    kernel.run("import os")
    hub.kill(name)
    kernel.socket.close()
    hub.start(name)
    wrong = []
    for path, before in saved.items():
        if student.open(path).cells != before.cells:
            wrong.append(f"{path} has other cells than were saved")
    return wrong
