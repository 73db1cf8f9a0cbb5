"""One module a page; each has `render()`, which reads widgets, calls a workflow and shows."""
