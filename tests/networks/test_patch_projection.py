import torch

from medtrans.networks._patch_projection import PatchProjection


def test_each_place_is_projected_as_if_alone():
    torch.manual_seed(0)
    network = PatchProjection((2, 5), 4)
    observed = [torch.randn(2, 2, 6, 4), torch.randn(2, 5, 3, 2, 2)]
    places = [torch.tensor([[0, 23, 7], [5, 1, 1]]), torch.tensor([[11], [3]])]
    first, second = network(observed, places)
    assert first.shape == (2, 3, 4)
    assert second.shape == (2, 1, 4)
    torch.testing.assert_close(first[0, 2], network.layers[0](observed[0][0, :, 1, 3]))
    torch.testing.assert_close(second[1, 0], network.layers[1](observed[1][1, :, 0, 1, 1]))
