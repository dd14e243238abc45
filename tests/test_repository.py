"""What a visitor of the repository reads and runs agrees with the code: README, versions, workflows."""

import re
import tomllib

import numpy as np
import pytest
import skimage.data
import yaml

import facelm_helpers
from facelm_helpers import images

WORKFLOWS = ("test.yml", "weekly.yml")


def test_the_version_is_the_same_everywhere(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    log = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["version"] == facelm_helpers.__version__ == citation["version"]
    assert project["license"] == citation["license"]
    assert f"## {project['version']}" in log


def test_the_lines_of_python_in_the_readme_run(repository, monkeypatch):
    monkeypatch.setattr(images, "read_image", lambda path: skimage.data.astronaut())
    (code,) = re.findall(r"```python\n(.+?)```", (repository / "README.md").read_text(encoding="utf-8"), re.S)
    names = {}
    exec(code, names)
    assert names["points"].shape[1:] == (68, 2) and np.isfinite(names["points"]).all()


def test_links_of_the_pages_lead_somewhere(repository):
    named = ("README.md", "README.zh.md", "hub/README.md", "CONTRIBUTING.md")
    for name in (*named, "data/results/dlib_or_senet.md"):
        page = repository / name
        links = re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_runs_commands_that_exist(repository, name):
    """Their form is checked before a commit, by check-jsonschema; here only what drifts with the code."""
    jobs = yaml.safe_load((repository / ".github/workflows" / name).read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert all(job["timeout-minutes"] <= 180 for job in jobs.values())
    assert any("course.py test" in command for command in commands)
    for file in re.findall(r"[\w./-]+\.(?:py|yml)\b", " ".join(map(str, [*commands, *steps]))):
        assert (repository / file).exists(), file
