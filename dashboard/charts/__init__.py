"""Charts of the adoption ledger: drawn for a meeting and for print, each with the same in words."""
