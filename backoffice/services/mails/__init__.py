"""What became of mails: the ledger, and those that came back."""
