"""People: who they are, signing in and out, the first administrator, one's own profile."""
