"""kill -9 of the daemon at any moment of any operation, and what must be true after the next start.

By hand: `python -m tests.crash --rounds 200 --seed 7`.
"""
