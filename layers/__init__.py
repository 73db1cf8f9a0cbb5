"""The edge with the world: facts in data/, files people bring, the store, exports."""
