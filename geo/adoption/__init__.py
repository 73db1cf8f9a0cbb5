"""Adoption of practices: what is counted, how sure it is, and what changed between rounds."""
