"""What can be learned from the tables, and how far it can be trusted."""
