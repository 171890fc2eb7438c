"""Pixels of images of any depth."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from altools.data.raw.pixels import decode


def encoded(values, kind="TIFF"):
    content = BytesIO()
    Image.fromarray(values).save(content, kind)
    content.seek(0)
    return content


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_the_highest_eight_whatever_else_the_image_holds(kind):
    values = np.array([[0, 255], [256, 700]], dtype=np.uint16)
    assert decode(encoded(values, kind), size=2, channels=1).tolist() == [[[0, 0], [1, 2]]]
    values[0, 0] = 65535
    assert decode(encoded(values, kind), size=2, channels=3).tolist() == [[[255, 0], [1, 2]]] * 3


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_pixels_of_unknown_range_are_refused(dtype):
    with pytest.raises(ValueError, match="pixels of 32 bits, whose range is not known"):
        decode(encoded(np.ones((2, 2), dtype=dtype)), size=2, channels=1)
