"""The explorer: a page that descends by itself, in a browser, without a network.

The page is a third executor. Python puts the training program itself into it, as the JSON that `lrfit graph`
prints, and the numbers that it runs on; `executor.js` runs programs, as `graph/executors/numpy.py` does. So
no formula of descent is written twice, and the page's numbers are those of `lrfit train`, to rounding. A full
batch runs on the sigma points, so the page of a huge file is as small as that of a small one.

What is in which file: `executor.js` runs programs, `run.js` takes steps and judges them; neither knows of a
page. `charts.js` and `diagram.js` draw, and `page.js` brings it all together.
"""
