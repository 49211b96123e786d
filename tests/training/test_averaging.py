import pytest
import torch

from medtrans.training.averaging import Averaged
from tests.methods.tiny import tiny


def test_running_statistics_are_averaged_as_the_weights_are():
    method = tiny("regression", generator={"name": "unet", "channels": [4, 4], "norm": "batch"})
    averaged = Averaged(method, decay=0.9)
    with torch.no_grad():
        for _, buffer in method.named_buffers():
            buffer.fill_(8)
    weights, buffers = list(method.parameters()), list(method.buffers())
    averaged.update(weights, buffers, step=1000)
    names = dict(averaged.method.named_buffers())
    means = [buffer for name, buffer in names.items() if name.endswith("running_mean")]
    assert means
    assert all(mean.tolist() == pytest.approx([0.8] * len(mean)) for mean in means)
    assert all(int(buffer) == 8 for name, buffer in names.items() if name.endswith("num_batches_tracked"))


def test_without_decay_it_is_the_method_itself():
    method = tiny("regression", generator={"name": "unet", "channels": [4, 4], "norm": "batch"})
    averaged = Averaged(method, decay=0)
    with torch.no_grad():
        for tensor in (*method.parameters(), *method.buffers()):
            tensor.fill_(3)
    averaged.update(list(method.parameters()), list(method.buffers()), step=5)
    assert all((tensor == 3).all() for tensor in (*averaged.method.parameters(), *averaged.method.buffers()))
