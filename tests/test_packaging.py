"""The wheel holds the pipelines and the sample data, and a new pipeline needs no line anywhere."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_pipeline_and_sample_is_in_the_wheel_and_found_there(tmp_path):
    source = tmp_path / "source"
    for name in ("medtrans", "pipelines", "sample_data"):
        copy(ROOT / name, source / name)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    new = source / "pipelines" / "new_one"
    new.mkdir()
    (new / "recipe.yaml").write_text("about: A pipeline that was only put there.\n")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    for folder in ("pipelines", "sample_data"):
        missing = [
            str(path.relative_to(source))
            for path in sorted((source / folder).rglob("*"))
            if path.is_file()
            and path.name != "make.py"
            and not (tmp_path / "installed/medtrans" / path.relative_to(source)).is_file()
        ]
        assert missing == []
    models = [path.relative_to(source) for path in (source / "medtrans/models/zoo").rglob("*") if path.is_file()]
    assert len(models) > 4
    assert [str(path) for path in models if not (tmp_path / "installed" / path).is_file()] == []
    script = "from medtrans.catalogue import recipes; print(recipes()['new_one'], recipes()['t1_to_t2'].is_file())"
    environment = {"PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(tmp_path / "installed/medtrans/pipelines/new_one/recipe.yaml"), "True"]


def copy(folder, target):
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            file = target / path.relative_to(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(path.read_bytes())
