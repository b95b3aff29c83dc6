"""Executors: ways to run a program. Each is a function `Program -> Step` in a file of its own."""
