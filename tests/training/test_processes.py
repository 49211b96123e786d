import pytest
import torch

from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.training import processes
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

ONE = {"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0"}


@pytest.fixture
def environment(monkeypatch):
    """Sets the variables of SLURM or torchrun."""

    def tell(**variables):
        for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_JOB_NAME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return tell


@pytest.mark.parametrize("device", ["cpu:3", "cpu:x", "gpu", "cuda:"])
def test_an_unknown_device_is_refused(device, environment):
    environment()
    with pytest.raises((UsageError, EnvironmentRefused), match=f"device {device}: is not"):
        launch(TrainingSettings(device=device))


def test_a_command_in_an_interactive_job_is_one_process(environment):
    for name in ("bash", "interactive"):
        environment(**ONE, SLURM_NTASKS="2", SLURM_NTASKS_PER_NODE="2", SLURM_JOB_NAME=name)
        assert launch(TrainingSettings(device="cpu")).world_size == 1


def test_the_number_of_processes_is_that_of_slurm_or_torchrun(environment):
    for variables, expected in (
        ({}, (1, 1)),
        ({"SLURM_NTASKS": "1"}, (1, 1)),
        ({"SLURM_NTASKS": "8", "SLURM_NTASKS_PER_NODE": "4"}, (4, 2)),
        ({"WORLD_SIZE": "6", "LOCAL_WORLD_SIZE": "3"}, (3, 2)),
        ({"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "SLURM_NTASKS": "1", "SLURM_JOB_NAME": "bash"}, (2, 1)),
    ):
        environment(**variables)
        assert processes._processes() == expected


def test_slurm_without_a_number_for_each_node_is_refused(environment):
    environment(**ONE, SLURM_NTASKS="2", SLURM_JOB_NAME="train")
    with pytest.raises(EnvironmentRefused, match="--ntasks-per-node"):
        launch(TrainingSettings(device="cpu"))


def test_what_fabric_refuses_is_one_sentence(environment):
    environment(**ONE, SLURM_NTASKS="2", SLURM_NTASKS_PER_NODE="2", SLURM_NNODES="2", SLURM_JOB_NAME="train")
    with pytest.raises(EnvironmentRefused, match="cannot be started"):
        launch(TrainingSettings(device="cpu"))


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed"), ({"avx2": True}, "32-true")],
    ids=["AVX512-BF16", "AMX", "AVX2"],
)
def test_automatic_precision_follows_the_instructions_of_the_processor(monkeypatch, capabilities, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    fabric = launch(TrainingSettings(precision="auto", device="cpu"))
    assert fabric.strategy.precision.precision == precision
