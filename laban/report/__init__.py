"""One page for everything that is looked at: a run, an artifact, its clips and conversations."""
