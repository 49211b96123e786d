from pathlib import Path

from medtrans.runs import RunFolder


def test_every_name_is_inside_the_folder_and_unlike_the_others():
    run = RunFolder(Path("runs/one"))
    names = [name for name, value in vars(RunFolder).items() if isinstance(value, property)]
    paths = [getattr(run, name) for name in names]
    assert len(set(paths)) == len(names) > 12
    assert all(run.path in path.parents for path in paths)
    assert run.translation("sub-01") == Path("runs/one/translations/sub-01.nii.gz")
