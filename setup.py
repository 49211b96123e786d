"""Folders outside the package that are installed inside it; everything else about the package is in pyproject.toml."""

from setuptools import find_packages, setup

DATA = {"medtrans.pipelines": "pipelines", "medtrans.sample_data": "sample_data"}
"""Package of data → its folder in the repository. A new pipeline needs no line here."""

setup(
    packages=[*find_packages(include=["medtrans", "medtrans.*"]), *DATA],
    package_dir=DATA,
    package_data={
        "medtrans": [
            "**/*.html",
            "**/*.css",
            "**/*.js",
            "**/*.LICENSE.txt",
            "**/*.yaml",
            "models/zoo/*/**/*",
            "py.typed",
        ],
        "medtrans.pipelines": ["*/*.yaml", "*/*.csv", "*/*.md", "*/*.py", "*/*.html", "*.json"],
        "medtrans.sample_data": ["*.nii.gz", "README.md", "follow_up/*"],
    },
)
