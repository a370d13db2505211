"""Motion in a language model's vocabulary: prompts, tasks, model surgery, constrained generation, chat."""
