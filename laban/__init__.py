"""Laban: train, gate, track and promote two-person motion–language models."""

import os

# Every library here can phone home or look for a hub; nothing in a stage may depend on the network.
for _name, _value in {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_MININTERVAL": "1",
}.items():
    os.environ.setdefault(_name, _value)

__version__ = "0.1.0"
