"""The adoption ledger: visits and what was seen of each practice, kept so that nothing is lost."""
