"""Images: a config, its layers, and the names that people gave it.

Knows nothing of containers: whether one uses an image is a callable handed in.
"""

from engine.images.committing import Commit
from engine.images.images import Images
from engine.images.model import Image, ImageUse
from engine.images.progress import Progress

__all__ = ["Commit", "Image", "ImageUse", "Images", "Progress"]
