"""The tables, one aggregate a file. SQLAlchemy only."""
