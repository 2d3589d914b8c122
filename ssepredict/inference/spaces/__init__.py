"""Spaces of candidates: their description, what it comes to on each host, and the candidate at a position."""
