"""Ways between places, over roads where they are drawn and joined, and the order of stops."""
