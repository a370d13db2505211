import pickle

import numpy as np
import pytest
import torch
from checkpoints import GLOVE_WORDS, glove
from judges import TEXTS, judge

from laban.evaluators.tagged import TAGS, Tagged, pairs


def test_captions_are_pairs_or_words() -> None:
    assert pairs("walk/VERB slowly/ADV") == [("walk", "VERB"), ("slowly", "ADV")]
    assert pairs("Someone walks, slowly.") == [("someone", "OTHER"), ("walks", "OTHER"), ("slowly", "OTHER")]
    assert pairs("left/right hand") == [("left", "OTHER"), ("right", "OTHER"), ("hand", "OTHER")]


def test_words_singled_out_keep_their_tag_and_unknown_ones_have_none() -> None:
    (read,) = Tagged.of(["walk/VERB chairs/NOUN"]).read(["walk/VERB chairs/NOUN unicycle/NOUN"])
    assert [TAGS[tag] for _, tag in read.tolist()] == ["OTHER", "Act_VIP", "NOUN", "OTHER", "OTHER"]
    assert [word for word, _ in read.tolist()] == [1, 4, 3, 0, 2]  # sos walk chairs unk eos
    assert Tagged.of(["a b"]).unknown_share(["a b c", "d"]) == 0.5


def test_twenty_words_between_start_and_end() -> None:
    (read,) = Tagged.of(["word"]).read(["word " * 50])
    assert len(read) == 22
    assert read[-1].tolist() == [2, TAGS.index("OTHER")]


def test_vectors_lie_where_the_index_says_and_stay_as_they_are(tmp_path) -> None:
    vectors = glove(tmp_path)
    reader = Tagged.of_vectors(tmp_path)
    assert reader.known == tuple(GLOVE_WORDS)
    assert torch.allclose(reader.frozen["word.weight"], torch.from_numpy(vectors).float())
    made = judge("guo", text_model=tmp_path)
    assert not made.network.body.word.weight.requires_grad
    assert torch.equal(made.network.body.word.weight, reader.frozen["word.weight"])
    assert judge("guo").network.body.word.weight.requires_grad


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("our_vab_words.pkl", pickle.dumps(["sos", "eos"]), "8 numbered; the three files are of one set"),
        ("our_vab_idx.pkl", pickle.dumps(np.float64(1.0)), r"our_vab_idx.pkl is no plain pickle of words: it names numpy"),
        ("our_vab_words.pkl", None, "our_vab_words.pkl is absent"),
        ("our_vab_data.npy", None, "our_vab_data.npy is absent"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, name, content, said) -> None:
    glove(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said):
        Tagged.of_vectors(tmp_path)


def test_a_vocabulary_without_start_end_or_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lacks \['eos', 'unk'\]"):
        Tagged(["sos", "a"])
    assert judge("guo").reader.unknown_share(TEXTS) == 0.0
