"""Networks that judge motion against text."""
