"""Everything that people look at: pictures, the graph, the page. Draws, and never prints.

Imports all rooms but `cli`. Start with `picture.py`: a picture as data. To add a picture, write a function to
a `Picture` in `pictures/`; a format of the graph, a file in `graph_formats/` with `render(view)`.
"""
