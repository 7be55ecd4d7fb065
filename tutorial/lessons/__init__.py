"""The content of the lessons: questions, exercises and self-tests, one module a notebook."""
