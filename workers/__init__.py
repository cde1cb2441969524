"""Face two: RQ jobs, shells round services. No Flask."""
