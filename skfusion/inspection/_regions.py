"""The regions of the images of rows."""

import time

import numpy as np
from joblib import Parallel, delayed

from skfusion._utils.progress import log
from skfusion.inspection._heat_map import HeatMap, HeatMaps
from skfusion.inspection._hidden_image import OriginalImage
from skfusion.inspection._occlusion import occlusion_grid
from skfusion.inspection._pooled_map import pooled_grid
from skfusion.inspection._region_probe import RegionProbe
from skfusion.inspection._shown_image import images_of

METHODS = {"occlusion": occlusion_grid, "pooled": pooled_grid}


FILLS = ("background", "mean")
# So many images of the background are shown where parts are hidden.
_MOST_COVERS = 8


def find_regions(game, frame, background, images, *, method, fill, n_passes, seed, n_jobs, verbose):
    """Find the regions of the images of all rows.

    Parameters
    ----------
    game : SourceGame
        The game of the sources, after `play`; its first players are the image columns.

    frame : DataFrame
        The rows.

    background : DataFrame
        The rows of the background.

    images : list of ImageSource
        The image columns.

    method : {"occlusion", "pooled"}
        The method.

    fill : {"background", "mean"}
        What is seen where parts are hidden.

    n_passes : int
        The largest number of passes for an image.

    seed : int
        Draws what is hidden, the same for all images.

    n_jobs : int or None
        The number of rows that are computed at once, in threads.

    verbose : int
        1 reports the time that is left after the first image.

    Returns
    -------
    regions : dict of str to HeatMaps
        By image column.
    """
    covers = {source.name: _cover_images(background[source.name]) for source in images}

    def find(player, row):
        source = images[player]
        chosen = [] if fill == "mean" else _unlike(game, player, row, covers[source.name])
        return _maps_of_row(game, frame, source, row, chosen or [None], method, n_passes, seed)

    tasks = [(player, row) for player in range(len(images)) for row in range(len(frame))]
    started = time.perf_counter()
    found = [find(*tasks[0])]
    if len(tasks) > 1:
        seconds = (time.perf_counter() - started) * (len(tasks) - 1)
        log(verbose, f"explain: {len(tasks) - 1} images left, about {seconds:.0f} s.")
        others = (delayed(find)(*task) for task in tasks[1:])
        found += Parallel(n_jobs=n_jobs, prefer="threads")(others)
    n_rows = len(frame)
    return {
        source.name: HeatMaps(found[player * n_rows : (player + 1) * n_rows])
        for player, source in enumerate(images)
    }


def _maps_of_row(game, frame, source, row, covers, method, n_passes, seed):
    """Return the HeatMap of a row; a list for several images; None for none."""
    items = images_of(frame[source.name].iloc[row])
    maps = []
    for item in items:
        probe = RegionProbe(
            game.model,
            frame.iloc[[row]],
            source,
            item,
            game.positions[row],
            game.prediction[row],
            covers,
        )
        grid = METHODS[method](probe, n_passes // len(items), seed)
        maps.append(HeatMap(np.asarray(grid, dtype=np.float32), probe.shape))
    if len(maps) > 1:
        return maps
    return maps[0] if maps else None


def _cover_images(cells):
    """Return the first image of each row of the background; None for a row without one."""
    first = [next(iter(images_of(cell)), None) for cell in cells]
    return [None if item is None else OriginalImage(item) for item in first]


def _unlike(game, player, row, covers):
    """Return the images of the background that would change the prediction of a row most."""
    others = frozenset(range(len(game.players))) - {player}
    predictions = game.values[others][row]
    order = np.argsort(-np.abs(predictions - game.prediction[row]), kind="stable")
    return [covers[i] for i in order if covers[i] is not None][:_MOST_COVERS]
