"""Readers of motion files: each makes `laban.data.clip.Clip`, the one record."""
