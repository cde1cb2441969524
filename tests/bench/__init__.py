"""What things cost, as ratios; run by hand, not collected."""
