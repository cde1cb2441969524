"""The door test: every route, method, kind of visitor and kind of row against the policy table.

The cases are made from the url map. A new argument needs a row in `world.py`, a new form a body in
`bodies.py`; a route without them fails with a message that says which.
"""
