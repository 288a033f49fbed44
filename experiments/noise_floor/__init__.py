"""What a machine alone moves in an answer: batches, threads, arithmetic, engine."""
