"""The shop over HTTP: a table of routes, handlers of a few lines, and what every answer has in common."""
