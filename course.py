#!/usr/bin/env python3
"""The one entry point of the course; needs nothing but Python 3.11, 3.12 or 3.13.

    python course.py lab [--no-browser] [--port N] [NOTEBOOK]   open the course in JupyterLab
    python course.py test [--fast | --all] [PYTEST OPTIONS]     run the tests (--fast: not the long ones;
                                                                --all: the campaigns of many minutes too)
    python course.py doctor                                     say what is wrong with this machine

    python course.py data NAME         fetch a real data set, or say how to get it
    python course.py data prepare NAME cut its faces for the training (--jobs N: by N processes)
    python course.py train METHOD      train a method
    python course.py bench             measure the methods and the pipeline (--peers: what others offer)
    python course.py leaderboard       every method on the same faces, with what it costs
    python course.py app               the live comparison as a page
    python course.py notebooks         rebuild the notebooks from their source (--lang zh: in Chinese)
    python course.py book              a site of the executed notebooks
    python course.py try FILE          make-up, head pose, blinks and more on your photo, clip or webcam
    python course.py slides            slides of the notebooks
    python course.py export            for a class: without solutions (--student), for nbgrader (--nbgrader)
    python course.py scores FOLDER     a table of the scores that a class handed in

Each makes .venv first where it is missing, from requirements.lock; a later start goes straight on.
"""

import argparse
import os
import platform
import secrets
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FIRST = "notebooks/00_start_here.ipynb"
TOOLS = {
    "data": "data.fetch", "train": "train.method", "bench": "measure.bench", "app": "ship.app",
    "notebooks": "notebook.build", "book": "ship.book",
    "leaderboard": "measure.leaderboard", "try": "ship.try_file", "slides": "ship.slides",
    "export": "ship.export", "scores": "ship.scores",
}  # fmt: skip

if sys.version_info >= (3, 11):  # an older Python gets one sentence from `complaint`, not a syntax error
    from tools.setup import doctor, environment, jupyter, serve


def complaint(version, system, machine, mac_release=""):
    """One sentence on why the course cannot run on this Python and machine, or "" where it can."""
    if not (3, 11) <= tuple(version[:2]) <= (3, 13):
        return (
            "The course needs Python 3.11, 3.12 or 3.13; this is {}.{}. Install one of these and start "
            "course.py with it, for example `python3.13 course.py lab`.".format(*version[:2])
        )
    machine = machine.lower()
    if system == "Darwin" and machine != "arm64":
        return (
            "TensorFlow is no longer made for Macs with an Intel processor. Use an Apple silicon Mac, "
            "Windows or Linux. (On Apple silicon: this Python is an Intel build; install the arm64 one.)"
        )
    if system == "Darwin" and mac_release and int(mac_release.split(".")[0]) < 14:
        return f"The course needs macOS 14 or later (dlib's build does); this is macOS {mac_release}."
    known = {"Linux": ("x86_64", "aarch64"), "Windows": ("amd64", "x86_64"), "Darwin": ("arm64",)}
    if machine not in known.get(system, ()):
        return (
            "The course runs on Linux (x86_64, aarch64), Windows (x86_64) and macOS (arm64); "
            "this is {} on {}, for which its packages are not made.".format(
                system or "an unknown system", machine or "?"
            )
        )
    return ""


def lab(arguments):
    """Serve JupyterLab on a notebook until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="course.py lab", description="Open the course in JupyterLab.")
    parser.add_argument("notebook", nargs="?", default=FIRST, help=f"what to open (default: {FIRST})")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--port", type=int, help="the port to serve on (default: the first free one from 8888)"
    )
    asked = parser.parse_args(arguments)
    notebook = next(
        (path for path in (Path(asked.notebook).resolve(), ROOT / asked.notebook) if path.exists()), None
    )
    if notebook is None or not notebook.is_relative_to(ROOT):
        raise environment.SetupError(f"There is no notebook {asked.notebook} in {ROOT}.")
    python, port, token = environment.ensure(ROOT), asked.port or free_port(), secrets.token_hex(16)
    page = f"/lab/tree/{notebook.relative_to(ROOT).as_posix()}"
    opens = not asked.no_browser and serve.can_open_browser()
    command = serve.server("jupyterlab", python, port, page, opens)
    command += [f"--ServerApp.root_dir={ROOT}", "--LabApp.log_level=WARN"]
    command += [f"--LabApp.extra_labextensions_path={ROOT / 'tools' / 'jupyter' / 'labextensions'}"]
    print("Starting JupyterLab ...", flush=True)
    given = jupyter.variables(ROOT) | {"JUPYTER_TOKEN": token}
    return serve.serve(command, port, page, token, opens, cwd=ROOT, env=given)


def free_port():
    port = serve.free_port(8888)
    if port is None:
        raise environment.SetupError("No port from 8888 on is free. Name one with --port.")
    return port


def test(arguments):
    """Run the tests on both cores; what is not --fast or --all goes on to pytest."""
    options = [argument for argument in arguments if argument not in ("--fast", "--all")]
    if "--fast" in arguments:
        options = ["-m", "not slow and not campaign", *options]
    elif "--all" not in arguments:
        options = ["-m", "not campaign", *options]
    if (os.cpu_count() or 1) > 1:
        options = ["-n", "2", "--dist", "loadfile", *options]
    python = environment.ensure(ROOT)
    return serve.run([python, "-m", "pytest", *options], cwd=ROOT, env=jupyter.variables(ROOT))


def tool(verb, arguments):
    """Run a module of tools/ with the Python of .venv."""
    script = ROOT.joinpath("tools", *TOOLS[verb].split(".")).with_suffix(".py")
    if not script.is_file():
        raise environment.SetupError(
            f"`{verb}` needs {script.relative_to(ROOT)}, which is not in this checkout."
        )
    python = environment.ensure(ROOT)
    # -P: a folder `tools` where the command is given does not come before the course's own
    command = [python, "-P", "-m", f"tools.{TOOLS[verb]}", *arguments]
    return serve.run(command, env=jupyter.variables(ROOT))


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    verb, rest = arguments[0], arguments[1:]
    if sys.version_info < (3, 11):
        print(complaint(sys.version_info, platform.system(), platform.machine()), file=sys.stderr)
        return 1
    here = complaint(sys.version_info, platform.system(), platform.machine(), platform.mac_ver()[0])
    if verb not in ("lab", "test", "doctor", *TOOLS):
        known = ", ".join(("lab", "test", "doctor", *TOOLS))
        print(f"course.py does not know `{verb}`. It knows: {known}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way out
    try:
        if verb == "doctor":
            return doctor.main(ROOT, here)
        if here:
            raise environment.SetupError(here)
        return lab(rest) if verb == "lab" else test(rest) if verb == "test" else tool(verb, rest)
    except environment.SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
