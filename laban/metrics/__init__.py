"""Pure functions of arrays; each names its paper and protocol."""
