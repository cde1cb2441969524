"""The tests mirror the house, floor by floor."""
