"""Visits to mine sites: the form they are collected with, and how tables of them become a batch."""
