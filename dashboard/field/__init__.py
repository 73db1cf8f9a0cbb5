"""Files for the field: what goes into a briefing pack, and how it becomes HTML, GPX, KML and CSV.

Takes records, never the store; see docs/field.md.
"""
