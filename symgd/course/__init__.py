"""The course: each idea of gradient descent as a page, on the reader's own data."""
