"""Containers of a host: the list, what can be done to them, the run form, and the page of one container."""
