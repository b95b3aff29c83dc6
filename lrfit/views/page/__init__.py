"""The explorer: a page that descends by itself, in a browser, without a network.

The page is a third executor. Python puts the training program itself into it, as the JSON that `lrfit graph`
prints, and the numbers that it runs on; `executor.js` runs programs, as `graph/executors/numpy.py` does. So
the steps and the gradients are those of the graph, and the page's numbers are those of `lrfit train`, to
rounding. A full batch runs on the sigma points, so the page of a huge file is as small as that of a small
one.

Three things are computed in JavaScript, too, since they change with every click: how the largest stable rate
and the fastest rate grow with the momentum, whether the steps have led away, and the ellipses of equal loss.
`test_page_in_browser.py` holds them against `Method`, `lrfit train` and `Objective`.

Start with `page_data.py`: all that the page is given. `programs.py` makes the programs in it, and `html.py`
the document. In `assets/`, `executor.js` runs programs and `descent.js` takes steps and judges them; neither
knows of a page. `format.js`, `charts.js`, `surface.js` and `diagram.js` write and draw what they are given.
`state.js` holds what the page is made of, `display.js` shows it, `controls.js` listens, and `page.js` runs.
"""
