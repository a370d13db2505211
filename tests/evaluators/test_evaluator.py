"""What holds for every network behind the one interface."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from judges import ARCHITECTURES, MOTIONS, TEXTS, judge, motion

from laban.evaluators.evaluator import load, pad
from laban.motion.features import rotate_yaw

JUDGES = {name: judge(name) for name in ARCHITECTURES}
every = pytest.mark.parametrize("name", ARCHITECTURES)


def batch(name: str) -> dict[str, torch.Tensor]:
    made = JUDGES[name]
    shown, frames = pad([torch.from_numpy(made.view.of([one], 30.0)[0]) for one in MOTIONS])
    text, lengths = pad(made.reader.read(TEXTS))
    labels = {"caption": torch.tensor([0, 1, 2, 0]), "kind": torch.tensor([0, 1, -1, -1])}
    return {"motion": shown, "frames": frames, "text": text, "lengths": lengths, **labels}


@every
def test_embeddings_do_not_depend_on_the_batch(name):
    made = JUDGES[name]
    together, text = made.embed_motion(MOTIONS, 30.0), made.embed_text(TEXTS)
    assert together.shape == text.shape == (4, 32)
    assert together.dtype == np.float64
    alone = np.concatenate([made.embed_motion([one], 30.0) for one in MOTIONS])
    assert together == pytest.approx(alone, abs=1e-5)  # padding is not seen
    assert text == pytest.approx(np.concatenate([made.embed_text([one]) for one in TEXTS]), abs=1e-5)
    many = made.embed_motion(MOTIONS * 20, 30.0)  # more than one batch of 64
    assert many == pytest.approx(np.tile(together, (20, 1)), abs=1e-5)
    assert made.embed_motion([], 30.0).shape == made.embed_text([]).shape == (0, 32)


@every
def test_people_time_and_words_have_an_order_but_the_world_has_no_place(name):
    made, own = JUDGES[name], JUDGES[name].embed_motion(MOTIONS[:1], 30.0)
    for other in (MOTIONS[0][:, ::-1], MOTIONS[0][::-1]):
        assert np.abs(made.embed_motion([other], 30.0) - own).max() > 1e-3
    assert made.embed_motion([rotate_yaw(MOTIONS[0], 2.0) + [1.0, 0.0, 5.0]], 30.0) == pytest.approx(own, abs=1e-4)
    forward, backward = made.embed_text(["one person waves the other bows", "bows other the waves person one"])
    assert np.abs(forward - backward).max() > 1e-3


@every
def test_labels_shape_the_head_and_captions_the_rest(name):
    made = judge(name)
    out = made.network.train()(**batch(name))
    out["kind"].backward(retain_graph=True)
    trained = {parameter for parameter, value in made.network.named_parameters() if value.grad is not None}
    assert trained
    assert all(parameter.startswith("kind_head.") for parameter in trained)
    out["loss"].backward()
    assert all(value.grad is not None for value in made.network.parameters())


@every
def test_a_few_steps_bring_pairs_together(name):
    made, shown = judge(name, kinds=()), batch(name)
    optimizer = torch.optim.Adam(made.network.parameters(), lr=1e-2)
    losses = []
    torch.manual_seed(0)
    for _ in range(10):
        losses.append(made.network.train()(**shown)["loss"])
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]
    made.network.eval()
    text, seen = made.embed_text(TEXTS[:3]), made.embed_motion(MOTIONS[:3], 30.0)
    distance = np.linalg.norm(text[:, None] - seen[None], axis=-1)
    assert np.diagonal(distance).mean() < distance[~np.eye(3, dtype=bool)].mean()


@every
def test_round_trip_and_equal_bytes(name, tmp_path):
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        judge(name).save(tmp_path / copy)
    assert all((tmp_path / "one" / path.name).read_bytes() == path.read_bytes() for path in (tmp_path / "two").iterdir())
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["config.json", "model.safetensors", "vocabulary.json"]
    loaded = load(tmp_path / "one")
    assert loaded.config.architecture == name
    assert loaded.kinds == ("bow", "push")
    assert np.array_equal(loaded.embed_motion(MOTIONS, 30.0), JUDGES[name].embed_motion(MOTIONS, 30.0))
    assert np.array_equal(loaded.embed_text(TEXTS), JUDGES[name].embed_text(TEXTS))
    assert loaded.kind(MOTIONS) == JUDGES[name].kind(MOTIONS)
    assert set(loaded.kind(MOTIONS)) <= {"bow", "push"}
    assert loaded.description.startswith(f"{name} on pair, text by ")


@every
def test_without_kinds_there_is_no_classifier(name, tmp_path):
    made = judge(name, kinds=())
    assert "kind" not in made.network(**batch(name))
    made.save(tmp_path)
    assert load(tmp_path).kinds == ()
    with pytest.raises(ValueError, match="tells no kinds apart"):
        load(tmp_path).kind(MOTIONS)


def test_motion_and_features_of_another_representation_are_refused():
    made = JUDGES["towers"]
    with pytest.raises(
        ValueError, match=r"motion 0 is \(120, 1, 22, 3\): an evaluator of representation 'pair' judges \(T >= 1, 2, 22, 3\)"
    ):
        made.embed_motion([MOTIONS[0][:, :1]], 30.0)
    with pytest.raises(ValueError, match=r"features 1 are \(9, 516\): this evaluator reads representation 'pair', \(T >= 1, 264\)"):
        made.embed_features([np.zeros((9, 264), np.float32), np.zeros((9, 516), np.float32)])
    broken = MOTIONS[1].copy()
    broken[3, 1, 4] = np.nan
    with pytest.raises(ValueError, match="motion 1 has a value that is not finite"):
        made.embed_motion([MOTIONS[0], broken], 30.0)
    with pytest.raises(ValueError, match="cannot be had from our 22 joints"):
        judge("guo", representation="kit").embed_motion([motion(60, people=1)], 30.0)


def test_an_empty_caption_is_refused_by_number():
    with pytest.raises(ValueError, match="caption 1 of 2 is empty"):
        JUDGES["towers"].embed_text(["They push", " \n"])


def change(folder: Path, **values: object) -> None:
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, **values}))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"entries": 7}, "its vocabulary has 12 entries, config.json says 7"),
        ({"text": "tea leaves"}, "nothing reads text as 'tea leaves'; there are words, tokens, states, tagged"),
        ({"architecture": "oracle"}, "no evaluator 'oracle'; there are towers, interclip, guo, tmr"),
        ({"representation": "493-d"}, "no representation '493-d'; there are pair, attributes, interhuman, humanml3d, kit"),
        ({"mood": 1}, r"missing \[\], unknown \['mood'\]"),
        ({"heads": 3}, "width 32 must be even and divisible by its 3 heads"),
        ({"layers": 0}, r"sizes must be at least 1, not \{'layers': 0\}"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_by_name(tmp_path, values, said):
    JUDGES["towers"].save(tmp_path)
    change(tmp_path, **values)
    with pytest.raises(ValueError, match=said):
        load(tmp_path)
