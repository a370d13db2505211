"""Kubeflow components: one file a stage, a signature and one `return stage(…)`; they import kfp only."""

from components.base import base
from components.encode import encode
from components.evaluate import evaluate
from components.finetune import finetune
from components.gate import gate
from components.merge import merge
from components.prepare import prepare
from components.pretrain import pretrain
from components.publish import publish
from components.synthesize import synthesize
from components.train_evaluator import train_evaluator
from components.train_tokenizer import train_tokenizer

__all__ = [
    "base",
    "encode",
    "evaluate",
    "finetune",
    "gate",
    "merge",
    "prepare",
    "pretrain",
    "publish",
    "synthesize",
    "train_evaluator",
    "train_tokenizer",
]
