"""Images of a host: the list, the pull form, what a removal would take, and the page of one image."""
