"""What the table says of codes."""

from __future__ import annotations

from pathlib import Path

import clean_data as clean
import numpy as np
import pandas as pd

from laban.data.code_table import measure_codes


def test_codebook_usage_is_that_of_the_worst_level(tmp_path: Path) -> None:
    clean.write_clean_codes(tmp_path)
    assert measure_codes(tmp_path).totals["codebook_usage"] == 1.0
    table = pd.read_parquet(tmp_path / "codes.parquet")
    table["codes"] = [np.where(np.arange(len(codes)) % 2 == 1, 3, codes) for codes in table["codes"]]
    table.to_parquet(tmp_path / "codes.parquet")
    assert measure_codes(tmp_path).totals["codebook_usage"] == 1 / 16
