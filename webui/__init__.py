"""The web console: pages, live views and jobs over the Docker API of any number of hosts."""
