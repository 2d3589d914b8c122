"""Measured speed, beside the library that people would use instead: ``python -m benchmarks``."""
