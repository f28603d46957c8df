"""The regions of the images of rows."""

import numpy as np
from joblib import Parallel, delayed

from skfusion.inspection._heat_map import HeatMap, HeatMaps
from skfusion.inspection._occlusion import occlusion_grid
from skfusion.inspection._pooled_map import pooled_grid
from skfusion.inspection._region_probe import RegionProbe
from skfusion.inspection._shown_image import shown_images

METHODS = {"occlusion": occlusion_grid, "pooled": pooled_grid}


def find_regions(model, frame, images, bases, positions, *, method, n_passes, n_jobs):
    """Find the regions of the images of all rows.

    Parameters
    ----------
    model : InspectedModel
        Predicts.

    frame : DataFrame
        The rows.

    images : list of ImageSource
        The image columns.

    bases : ndarray of shape (n_rows,)
        The prediction of each row.

    positions : ndarray of int of shape (n_rows,)
        The explained output of each row.

    method : {"occlusion", "pooled"}
        The method.

    n_passes : int
        The largest number of passes for an image.

    n_jobs : int or None
        The number of rows that are computed at once, in threads.

    Returns
    -------
    regions : dict of str to HeatMaps
        By image column.
    """
    shown = {source.name: shown_images(source, frame[source.name]) for source in images}

    def find(source, row):
        items = shown[source.name][row].items
        maps = []
        for item in items:
            probe = RegionProbe(model, frame.iloc[[row]], source, item, positions[row], bases[row])
            grid = METHODS[method](probe, n_passes // len(items))
            maps.append(HeatMap(np.asarray(grid, dtype=np.float32), probe.shape))
        if len(maps) > 1:
            return maps
        return maps[0] if maps else None

    tasks = [(source, row) for source in images for row in range(len(frame))]
    found = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(find)(*task) for task in tasks)
    n_rows = len(frame)
    return {
        source.name: HeatMaps(found[place * n_rows : (place + 1) * n_rows])
        for place, source in enumerate(images)
    }
