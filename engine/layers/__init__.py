"""Layers: from tar to disk and back, chain ids, and the writable layers of containers.

A layer is named by its chain id (OCI image spec, config.md): the digest over its own diff id and those below it.
Knows nothing of images or registries: which layers are still wanted is a callable handed in.
"""

from engine.layers.compression import open_decompressed
from engine.layers.layers import Layer, LayerLease, Layers, chain_ids
from engine.layers.tar_reader import BadArchive, TarReader

__all__ = ["BadArchive", "Layer", "LayerLease", "Layers", "TarReader", "chain_ids", "open_decompressed"]
