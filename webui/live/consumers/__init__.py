"""The websockets of the console: each declares what it needs, and is asked about again while it is open."""
