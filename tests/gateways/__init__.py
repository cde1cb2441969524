"""The gateways: the real ones against real servers, the ones in memory beside them."""
