"""What outlives a look: logs that are kept after their containers, and a week of everybody's CPU, memory and traffic.

Written by one process, the keeper; read by the pages. Both are files under DATA, bounded by size and age, and each can
be read while it is written: `logs/<host>/<container id>/` holds lines in compressed segments whose names are their
index, `stats/<host>/<container id>.ring` three rings of samples that grow coarser.
"""
