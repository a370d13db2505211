"""One engine for everything that is trained."""
