"""What people and machines read: tables for the terminal, documents, plots, the HTML report."""
