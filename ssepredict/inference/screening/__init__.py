"""Candidates through rules, predictions and score, and the list of the best."""
