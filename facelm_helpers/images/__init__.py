"""A picture as the course wants it: read from a file, checked, and warped without aliasing.

Images are RGB ``uint8`` arrays of shape (H, W, 3); pixel centres are at integers.
"""

from facelm_helpers.images._arrays import check_image, warp
from facelm_helpers.images._files import ENDINGS, decode_image, image_size, read_image

__all__ = ["ENDINGS", "check_image", "decode_image", "image_size", "read_image", "warp"]
