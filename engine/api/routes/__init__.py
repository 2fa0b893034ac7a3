"""One module per resource; each exposes `routes(...)`, a list of Route."""
