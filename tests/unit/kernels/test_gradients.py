"""Last-layer gradients keep their direction however sure the network is."""

import pytest
import torch

from altools.kernels.gradients import directions, residuals


@pytest.mark.parametrize("gap", [1.0, 10.0, 17.0, 40.0])
def test_sure_images_keep_the_direction_of_their_gradient(gap):
    """Of a class, with the second best one of two others; and of the second best, with that class second."""
    logits = torch.tensor([[0, -gap, -gap - 9], [0, -gap - 9, -gap], [-gap, 0, -gap - 9]])
    top = logits.argmax(1, keepdim=True)
    others = logits.double().softmax(1).scatter(1, top, 0)
    exact = others.scatter(1, top, -others.sum(1, keepdim=True))
    lengths = exact.norm(dim=1)
    expected = (1 + exact @ exact.T / (lengths[:, None] * lengths)) / 2

    images = directions(residuals(logits.softmax(1)), torch.ones(3, 2))
    torch.testing.assert_close(images.similarity(images), expected.float(), atol=1e-5, rtol=0)


def test_residuals_are_p_minus_the_label():
    probs = torch.tensor([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]])
    torch.testing.assert_close(residuals(probs), probs - torch.tensor([[1.0, 0, 0], [0, 1, 0]]))
    torch.testing.assert_close(residuals(probs, torch.tensor([2, 0])), probs - torch.tensor([[0, 0, 1.0], [1, 0, 0]]))
