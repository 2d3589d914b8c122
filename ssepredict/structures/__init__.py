"""Doped crystals: host cells, substitution, relaxation with a potential, descriptors; no files."""
