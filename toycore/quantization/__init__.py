"""INT8 by hand: lesson 5.

rounding.py   numbers on the grid of a few bits: scale, values, noise in decibels
grid.py       a grid chosen beforehand: clipping at a threshold, a zero point, calibration
layers.py     linear layers that multiply whole numbers; quantize_dynamic; TinyMLP
matmul.py     exact products of INT8 matrices
replace.py    which layers an Int8Linear can replace, and the copy in which it does
sizes.py      how many bytes a module takes
libraries.py  what torch.ao and torchao make of the same model
"""

from toycore.quantization import libraries
from toycore.quantization.grid import Grid
from toycore.quantization.layers import Int8Linear, TinyMLP, quantize_dynamic
from toycore.quantization.rounding import Quantized, predicted_snr_db, quantize, snr_db
from toycore.quantization.sizes import serialized_bytes, tensor_bytes

__all__ = [
    "Grid",
    "Int8Linear",
    "Quantized",
    "TinyMLP",
    "libraries",
    "predicted_snr_db",
    "quantize",
    "quantize_dynamic",
    "serialized_bytes",
    "snr_db",
    "tensor_bytes",
]
