"""The records that cross boundaries (clips, conversations, codes, artifacts), their storage, and what gates expect of them."""
