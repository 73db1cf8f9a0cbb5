"""Vector tiles: shapes on the grid of web maps, what is drawn at a zoom, cutting and encoding.

See docs/decisions/0014-vector-tiles.md. Everything here works on whole arrays: rows of unequal
length lie one after another, with offsets that say where each begins.
"""
