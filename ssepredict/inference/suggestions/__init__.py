"""The parts of a suggested batch: what was measured, what it tells, what is worth making."""
