"""What the cascades share: the walk in stages, shape-indexed features, ferns, trees and windows."""

from facelm_helpers.methods._cascade._walk import Cascade, to_bytes

__all__ = ["Cascade", "to_bytes"]
