"""What a model is asked, what it answers, and the numbers of the answers: one file a task."""
