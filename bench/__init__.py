"""Benchmarks against the tools a competent user would reach for."""
