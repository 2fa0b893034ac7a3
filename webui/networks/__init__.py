"""Networks of a host: the list, creating one, and what a removal would take."""
