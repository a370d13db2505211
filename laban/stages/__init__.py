"""The verbs of the workflow: one file is one settings dataclass and one function; its command line is its signature."""
