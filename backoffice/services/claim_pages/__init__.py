"""What pages ask about claims, read only: lists with counts, one claim whole, a phone's few."""
