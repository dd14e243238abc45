"""A student of a hub, as JupyterLab in a browser: files over the contents API, cells in a kernel."""

import json
import time
import uuid

import nbformat
import websocket

LONGEST = 1800  # seconds for one cell on a machine that a whole class shares


class Student:
    """One student, whose server is running.

    Parameters
    ----------
    hub : tools.hub.local.Hub
    name : str
    """

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.url = f"{hub.url}/user/{name}"

    def _ask(self, method, path, **options):
        answer = self.hub.ask(method, f"{self.url}/{path}", **options)
        answer.raise_for_status()
        return answer

    def save(self, path, notebook):
        """Save a notebook under a path below the home."""
        content = {"type": "notebook", "format": "json", "content": notebook}
        self._ask("put", f"api/contents/{path}", json=content)

    def open(self, path):
        """A saved notebook."""
        content = self._ask("get", f"api/contents/{path}").json()["content"]
        return nbformat.from_dict(content)

    def folder(self, path):
        """Make a folder, and those above it."""
        done = ""
        for part in path.split("/"):
            done = f"{done}/{part}" if done else part
            self._ask("put", f"api/contents/{done}", json={"type": "directory"})

    def listed(self, path):
        """The names of the files in a folder."""
        return [one["name"] for one in self._ask("get", f"api/contents/{path}").json()["content"]]

    def exported(self, path, form="html"):
        """A notebook as another file, as the menu's Save and Export does it."""
        return self._ask("get", f"nbconvert/{form}/{path}").text

    def kernel(self, path):
        """The kernel of a notebook."""
        name = path.rpartition("/")[2]
        asked = {"path": path, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        return Kernel(self, self._ask("post", "api/sessions", json=asked).json())

    def kernels(self):
        """The kernels of the server that are at work or idle."""
        return self._ask("get", "api/kernels").json()

    def run(self, path):
        """Run every cell of a saved notebook, and save after each.

        Returns
        -------
        nbformat notebook
        """
        notebook = self.open(path)
        with self.kernel(path) as kernel:
            for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
                cell.outputs, cell.execution_count = kernel.run(cell.source), count
                self.save(path, notebook)
        return notebook


class Kernel:
    """A kernel of a student's server, ended with the ``with`` block."""

    def __init__(self, student, session):
        self.student, self.session = student, session
        address = student.url.replace("http", "ws", 1) + f"/api/kernels/{session['kernel']['id']}/channels"
        header = [f"Authorization: token {student.hub.token}"]
        self.socket = websocket.create_connection(address, header=header, timeout=LONGEST)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.student._ask("delete", f"api/sessions/{self.session['id']}")

    def run(self, code):
        """The outputs of a piece of code, as a notebook stores them."""
        identity = uuid.uuid4().hex
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        header = {"msg_id": identity, "msg_type": "execute_request", "version": "5.3", "session": identity,
                  "username": self.student.name, "date": now}  # fmt: skip
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}  # fmt: skip
        self.socket.send(json.dumps({
            "header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell",
        }))  # fmt: skip
        outputs = []
        while True:
            message = decoded(self.socket.recv())
            if message["parent_header"].get("msg_id") != identity or message["channel"] != "iopub":
                continue
            kind = message["msg_type"]
            if kind == "status" and message["content"]["execution_state"] == "idle":
                return outputs
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(nbformat.from_dict(message)))


def decoded(frame):
    """A message from a frame of Jupyter's socket: text, or bytes where a widget sends pictures along.

    >>> decoded(bytes([0, 0, 0, 2, 0, 0, 0, 12, 0, 0, 0, 14]) + b"{}" + b"picture")
    {}
    """
    if isinstance(frame, bytes):  # how many parts, where each begins, and the parts: the first is the message
        parts = int.from_bytes(frame[:4], "big")
        begins = [int.from_bytes(frame[4 * k : 4 * k + 4], "big") for k in range(1, parts + 1)]
        frame = frame[begins[0] : begins[1] if parts > 1 else None]
    return json.loads(frame)


def printed(outputs):
    """The text that cells have shown."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
    return "".join(shown)


def errors(outputs):
    """The errors that cells ended in, one sentence each."""
    found = (output for output in outputs if output.output_type == "error")
    return [f"{output.ename}: {output.evalue}" for output in found]
