"""Data from code: two-person interactions, their captions, and conversations about them (the embedded default of Inter-MT²)."""
