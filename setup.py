"""What pyproject.toml cannot say: the folder data/ travels inside the package, as facelm_helpers/shipped."""

from setuptools import find_packages, setup

LAB = "share/jupyter/labextensions/facelm-alt"

setup(
    packages=[*find_packages(include=["facelm_helpers", "facelm_helpers.*"]), "facelm_helpers.shipped"],
    package_dir={"facelm_helpers.shipped": "data"},
    package_data={
        "facelm_helpers.shipped": ["*.npz", "*.md", "SHA256SUMS", "results/*", "weights/*", "detectors/*"],
    },
    # however JupyterLab is started, pictures have alternative text
    data_files=[
        (LAB, ["tools/jupyter/labextensions/facelm-alt/package.json"]),
        (f"{LAB}/static", ["tools/jupyter/labextensions/facelm-alt/static/alt.js"]),
    ],
)
