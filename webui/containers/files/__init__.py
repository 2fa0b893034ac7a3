"""The files tab of a container: what is in it, by Docker's archive API, running or not.

`names` and `entries` are pure; `archive` moves tars, `programs` runs what the image has (rm, mv), `listing`, `changes`
and `downloads` are made of both; `page`, `views` and `acts` show it. Names of files are any bytes but / and NUL: within
Python they are str with surrogateescape (PEP 383), in addresses and pages they are what `names` makes of them.
"""
