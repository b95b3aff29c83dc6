"""Views: pictures, the graph and the page. They draw, and never print.

Imports all packages but `cli`. Start with `picture.py`: a picture as data. To add a picture, write a function
that returns a `Picture` in `pictures/`; for a graph format, a file in `graph_formats/` with `render(view)`.
"""
