"""One file a lesson: what its page says, the program that finds its numbers again, its exercises."""
