"""From formula text to who sits where."""
