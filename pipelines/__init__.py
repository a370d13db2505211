"""Wiring: which stage feeds which, and on which nodes each runs. Imports neither laban nor torch."""
