"""The overview over all hosts, and what Ctrl-K finds on them.

Everything comes from the live pictures; no host is asked.
"""
