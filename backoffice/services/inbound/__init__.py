"""What comes in from outside: kept raw first, told whose it is, then applied; any order, any times.

keeping: raw files, response rows and cursors. responses and acknowledgements: what they do to
claims. payments: the transactions of an 835 file, whose each is, and which wait.
"""
