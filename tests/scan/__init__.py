"""./dev scan: what sqlmap, wapiti and bandit find in the running stack; bounded, not collected."""
