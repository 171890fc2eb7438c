"""Bounds of random resized crops, as in torchvision's ``RandomResizedCrop``."""

ATTEMPTS = 10
"""Crops are drawn again while they do not fit into the image; after so many attempts the largest central crop is
taken."""
RATIO = (3 / 4, 4 / 3)
"""Smallest and largest width / height of a crop."""
