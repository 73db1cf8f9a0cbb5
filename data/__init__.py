"""Facts that ship with the product, and the demonstration landscape built from some of them."""
