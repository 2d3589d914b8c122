"""Which dopants next? Property prediction and ranking for NASICON and halide solid electrolytes."""

__version__ = "0.1.0"
