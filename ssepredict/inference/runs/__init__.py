"""One ranking on its way: how far it is, who writes, and the files that it leaves."""
