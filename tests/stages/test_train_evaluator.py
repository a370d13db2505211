import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from laban.data.artifact import Artifact, Manifest, list_files, seal
from laban.data.clip import Caption, Clip, write_clips
from laban.evaluators.evaluator import load
from laban.evaluators.views import PAIR
from laban.motion.skeleton import REST_OFFSETS
from laban.stages.contract import Gated, Work, run
from laban.stages.train_evaluator import TrainEvaluatorSettings, examples, train_evaluator
from tests.evaluators.checkpoints import clip_tokenizer, interclip

TINY = TrainEvaluatorSettings(
    seed=5, architecture="towers", representation="pair", text_model="", checkpoint="", normaliser="", width=32, text_width=32, layers=1,
    heads=4, feed_width=64, embedding_dim=32, steps=120, batch_size=24, learning_rate=0.003, noise_m=0.0,
)  # fmt: skip
WHAT = {"approach": "walks up to", "circle": "walks around", "jump": "jumps before"}
HOW = {"slow": 0.6, "fast": 1.4}
POSE = REST_OFFSETS.cumsum(axis=0) * np.array([1.0, 0.2, 1.0]) + [0, 1, 0]


def _clip(number: int, split: str) -> Clip:
    """The first person does one of three things before a standing second one, slowly or fast."""
    rng = np.random.default_rng(number)
    kind, how = list(WHAT)[number % 3], list(HOW)[number // 3 % 2]
    frames = int(rng.integers(40, 70))
    time = HOW[how] * np.arange(frames) / 30
    nothing = np.zeros(frames)
    ways = {
        "approach": [nothing, nothing, 0.8 * time],
        "circle": [np.sin(2 * time), nothing, 1 - np.cos(2 * time)],
        "jump": [nothing, 0.3 * np.abs(np.sin(5 * time)), nothing],
    }
    way = np.stack([np.stack(ways[kind], axis=-1), np.zeros((frames, 3))], axis=1)
    people = POSE + np.array([[0, 0, 0], [0, 0, 2.0]])[:, None] + 0.02 * rng.normal(size=(2, 22, 3))
    text = f"One person {how}ly {WHAT[kind]} the other person."
    captions = tuple(Caption(text=one, start_s=0.0, end_s=frames / 30, source="human") for one in (text, f"Someone {text[11:]}"))
    positions = (people + way[:, :, None]).astype(np.float32)
    return Clip(id=f"{split}-{number}", positions=positions, captions=captions, split=split, source="test", licence="", kind=kind)


def _clips() -> list[Clip]:
    return [_clip(number, "train") for number in range(48)] + [_clip(number, "test") for number in range(100, 136)]


def _store(folder: Path, clips: list[Clip]) -> Artifact:
    write_clips(folder, clips)
    return seal(folder, Manifest(kind="clips", stage="prepare", settings={}, parents={}, files=list_files(folder)))


def _train(tmp_path: Path, clips: list[Clip], settings: TrainEvaluatorSettings, name: str = "evaluator") -> Path:
    stored = _store(tmp_path / f"{name}-clips", clips)
    output = tmp_path / name
    output.mkdir()
    train_evaluator.function(settings, Gated(stored.path, stored.manifest, stored.hash), Work(output, tmp_path / f"{name}-scratch"))
    return output


def _metrics(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


def test_learns_kinds_and_captions_of_held_out_clips(tmp_path: Path, mlflow_home: Path) -> None:
    clips = _store(tmp_path / "clips", _clips())
    made = run(train_evaluator, settings=TINY, references={"clips": str(clips.path)}, output=str(tmp_path / "evaluator"), ungated=True)
    metrics = _metrics(made.path)
    assert metrics["kind_accuracy"] == metrics["test"]["kind_accuracy"] >= 0.95
    assert metrics["test"]["pool"] == 32
    assert metrics["test"]["chance_top3"] == pytest.approx(3 / 32)
    # 32 clips show 6 different things, so at best about 1 of 5 comes first, 3 of 5 among the first three; chance is 1 of 32.
    assert metrics["test"]["r_precision_top1"] > 3 * metrics["test"]["chance_top1"]
    assert metrics["test"]["r_precision_top3"] > 3 * metrics["test"]["chance_top3"]
    assert metrics["test"]["unknown_words"] == 0.0
    assert "val" not in metrics
    history = json.loads((made / "loss.json").read_text())
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    judge = load(made.path)
    assert judge.kinds == ("approach", "circle", "jump")
    assert judge.kind([_clip(number, "new").positions for number in range(200, 203)]) == [_clip(n, "new").kind for n in range(200, 203)]


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    short = replace(TINY, steps=3)
    one, two = (_train(tmp_path, _clips(), short, name) for name in ("one", "two"))
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {path.name: path.read_bytes() for path in two.iterdir()}
    other = _train(tmp_path, _clips(), replace(short, seed=6), "other")
    assert (one / "model.safetensors").read_bytes() != (other / "model.safetensors").read_bytes()


def test_capture_without_kinds_trains_without_a_classifier(tmp_path: Path) -> None:
    folder = _train(tmp_path, [replace(clip, kind="") for clip in _clips()], replace(TINY, steps=2))
    metrics = _metrics(folder)
    assert "kind_accuracy" not in metrics
    assert "kind_accuracy" not in metrics["test"]
    assert metrics["test"]["samples"] == 36
    assert load(folder).kinds == ()


def test_clips_without_a_kind_are_masked_beside_those_with_one(tmp_path: Path) -> None:
    clips = [replace(clip, kind="" if number % 2 else clip.kind) for number, clip in enumerate(_clips())]
    metrics = _metrics(_train(tmp_path, clips, replace(TINY, steps=2)))
    assert metrics["test"]["samples"] == 36
    assert metrics["test"]["kind_samples"] == 18


def test_few_held_out_clips_say_how_small_the_pool_is(tmp_path: Path) -> None:
    metrics = _metrics(_train(tmp_path, _clips()[:50], replace(TINY, steps=2)))
    assert (metrics["test"]["samples"], metrics["test"]["pool"]) == (2, 2)
    assert metrics["test"]["chance_top1"] == 0.5
    assert "r_precision_top3" not in metrics["test"]


def test_captions_of_parts_cut_the_motion() -> None:
    clip = _clip(0, "train")
    whole = clip.captions
    parts = (Caption(text="a", start_s=0.0, end_s=0.8, source="human"), Caption(text="b", start_s=0.8, end_s=99.0, source="human"))
    found = examples([replace(clip, captions=whole + parts)], PAIR)
    assert [example.captions for example in found] == [(whole[0].text, whole[1].text), ("a",), ("b",)]
    assert np.array_equal(found[1].features, PAIR.of([clip.positions[:24]], 30.0)[0])
    assert np.array_equal(found[2].features, PAIR.of([clip.positions[24:]], 30.0)[0])


def test_other_than_pairs_and_uncaptioned_clips_are_left_out(tmp_path: Path) -> None:
    clip = _clip(0, "train")
    alone = replace(clip, id="alone", positions=clip.positions[:, :1])
    silent = replace(clip, id="silent", captions=())
    assert examples([alone, silent], PAIR) == []
    with pytest.raises(ValueError, match="holds 1 captioned clips of 2 people in split train"):
        _train(tmp_path, [clip, alone, silent], TINY)


def test_an_empty_caption_is_refused_by_clip() -> None:
    clip = _clip(0, "train")
    nothing = Caption(text=" ", start_s=0.0, end_s=9.0, source="human")
    with pytest.raises(ValueError, match=f"clip train-0, frames 0 to {clip.frames}: caption 2 of 3 is empty"):
        examples([replace(clip, captions=(*clip.captions, nothing))], PAIR)


@pytest.mark.parametrize(
    ("architecture", "representation", "sizes"),
    [("tmr", "pair", {}), ("guo", "pair", {}), ("interclip", "interhuman", {}), ("guo", "humanml3d", {})],
)
def test_every_architecture_trains_and_is_measured(tmp_path: Path, architecture: str, representation: str, sizes: dict) -> None:
    clips = _clips()
    if representation == "humanml3d":
        clips = [replace(clip, positions=clip.positions[:, :1]) for clip in clips]
    folder = _train(tmp_path, clips, replace(TINY, architecture=architecture, representation=representation, steps=2, **sizes))
    metrics, judge = _metrics(folder), load(folder)
    assert (judge.config.architecture, judge.config.representation) == (architecture, representation)
    assert metrics["test"]["samples"] == 36
    assert 0 <= metrics["kind_accuracy"] <= 1
    assert len(json.loads((folder / "loss.json").read_text())) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architecture": "oracle"}, "no evaluator 'oracle'; there are towers, interclip, guo, tmr"),
        ({"representation": "493-d"}, "no representation '493-d'"),
        ({"representation": "humanml3d"}, "holds 0 captioned clips of one person in split train"),
        ({"architecture": "tmr", "embedding_dim": 16}, "the latent is the embedding; embedding_dim 16 must be width 32"),
        ({"text_model": "nowhere"}, "text_model: nowhere is no folder"),
        ({"normaliser": "meta"}, "normaliser meta: an evaluator that is trained makes its own"),
        ({"checkpoint": "a.ckpt"}, "checkpoint a.ckpt needs text_model"),
        ({"checkpoint": "a.ckpt", "text_model": "t"}, "no published layout of 'towers' is known"),
        ({"checkpoint": "a.ckpt", "text_model": "t", "architecture": "guo"}, "guo needs normaliser"),
        (
            {"checkpoint": "a.ckpt", "text_model": "t", "architecture": "interclip", "normaliser": "m"},
            "interclip reads features as they are",
        ),
        ({"checkpoint": "a.ckpt", "text_model": "t", "architecture": "interclip"}, "checkpoint: a.ckpt is no file"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        _train(tmp_path, _clips()[:2], replace(TINY, **changes))


def test_published_weights_are_taken_registered_and_measured(tmp_path: Path, mlflow_home: Path) -> None:
    checkpoint, tokenizer = tmp_path / "interclip.ckpt", tmp_path / "tokenizer"
    clip_tokenizer(tokenizer)
    torch.save({"state_dict": interclip()}, checkpoint)
    settings = replace(
        TINY, architecture="interclip", representation="interhuman", checkpoint=str(checkpoint), text_model=str(tokenizer), steps=10**9
    )
    clips = _store(tmp_path / "clips", [replace(clip, positions=clip.positions[:40]) for clip in _clips()[-8:]])
    made = run(train_evaluator, settings=settings, references={"clips": str(clips.path)}, output=str(tmp_path / "evaluator"), ungated=True)
    assert "model.safetensors" in made.manifest.files
    assert json.loads((made / "loss.json").read_text()) == []
    assert _metrics(made.path)["test"]["samples"] == 8
    assert load(made.path).kinds == ()
