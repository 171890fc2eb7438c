"""A network without BatchNorm, whose training does not depend on how a batch is shared among processes."""

from torch import nn

from altools.models import Classifier


def build(channels, classes):
    """Build it."""
    layers = [nn.Conv2d(channels, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    return Classifier(nn.Sequential(*layers), 16, classes, channels)
