"""The motion tokenizer: modules that know no files."""
