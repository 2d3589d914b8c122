"""Which candidates to make next: spaces of substitutions, objectives, the ranking."""
