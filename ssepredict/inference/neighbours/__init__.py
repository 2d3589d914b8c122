"""What is near one candidate in its space."""
