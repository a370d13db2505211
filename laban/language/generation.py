"""Generation that cannot be malformed: at every position only tokens that keep each motion well formed are possible.

Letters: `B` batch, `L` tokens, `V` vocabulary, `P` people, `D` residual depth.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import LogitsProcessor

from laban.language.vocabulary import MotionIds


class MotionGrammar(LogitsProcessor):
    """Masks what would break a motion: a code of the wrong level, an end within a step, a code outside of motion."""

    def __init__(self, ids: MotionIds, *, prompt_length: int, eos: int, max_steps: int, force_people: int | None = None) -> None:
        self.ids, self.prompt_length, self.eos = ids, prompt_length, eos
        self.max_steps, self.force_people = max_steps, force_people
        self._codes = torch.from_numpy(ids.codes)
        self._all_codes = self._codes.reshape(-1)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(B, L) ids so far, (B, V) scores of the next -> scores with impossible tokens at minus infinity."""
        mask = torch.full_like(scores, float("-inf"))
        for row, said in enumerate(input_ids[:, self.prompt_length :].tolist()):
            mask[row, self._allowed(said, scores.shape[1])] = 0.0
        return scores + mask

    def _allowed(self, said: list[int], size: int) -> torch.Tensor:
        """Ids that may follow what has been said in this turn."""
        if said and said[-1] == self.eos:
            return torch.tensor([self.eos])
        start = next((place for place in range(len(said) - 1, -1, -1) if said[place] in self.ids.starts), None)
        if start is not None and self.ids.end not in said[start:]:
            return self._inside(said[start], len(said) - start - 1)
        if self.force_people:
            wanted = next(token for token, people in self.ids.starts.items() if people == self.force_people)
            return torch.tensor([wanted if start is None else self.eos])
        outside = torch.ones(size, dtype=torch.bool)
        outside[self._all_codes] = False
        outside[self.ids.end] = False
        if self.force_people == 0:
            outside[list(self.ids.starts)] = False
        return outside.nonzero()[:, 0]

    def _inside(self, opened: int, written: int) -> torch.Tensor:
        """Ids within a motion of which `written` codes stand."""
        depth = self.ids.vocabulary.residual_depth
        step = self.ids.starts[opened] * depth
        end = torch.tensor([self.ids.end])
        if written == self.max_steps * step:
            return end
        codes = self._codes[written % depth]
        return torch.cat([codes, end]) if written and written % step == 0 else codes


@torch.no_grad()
def generate(  # noqa: PLR0913 - one call says all that a sample depends on
    model: Any,
    text_tokenizer: Any,
    ids: MotionIds,
    prompts: list[list[int]],
    *,
    seed: int,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    max_steps: int = 150,
    force_people: int | None = None,
) -> list[list[int]]:
    """Continue each prompt until the end of the turn; return new ids without what closes the turn.

    `force_people` asks for exactly one motion of so many people and nothing else, 0 for text alone. Temperature 0 is greedy.
    """
    from transformers import LogitsProcessorList, set_seed

    longest = max(map(len, prompts))
    pad, eos = text_tokenizer.pad_token_id, text_tokenizer.eos_token_id
    batch = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts], device=model.device)
    attention = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=model.device)
    grammar = MotionGrammar(ids, prompt_length=longest, eos=eos, max_steps=max_steps, force_people=force_people)
    set_seed(seed)
    sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0} if temperature else {"do_sample": False}
    output = model.generate(
        input_ids=batch,
        attention_mask=attention,
        logits_processor=LogitsProcessorList([grammar]),
        max_new_tokens=max_new_tokens,
        pad_token_id=pad,
        eos_token_id=eos,
        **sampling,
    )
    return [_until(row, eos) for row in output[:, longest:].tolist()]


def _until(ids: list[int], eos: int) -> list[int]:
    return ids[: ids.index(eos)] if eos in ids else ids
