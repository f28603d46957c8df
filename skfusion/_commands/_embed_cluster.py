"""`skfusion embed --scheduler`: the features of a folder or table, on a Dask cluster."""

import os

from skfusion._utils.package_of_extra import import_extra


def embed_on_cluster(options, backbones, image_size, remote):
    """Write a folder of shards per backbone, and print the manifests.

    Parameters
    ----------
    options : argparse.Namespace
        The options of `skfusion embed`.

    backbones : list of Backbone
        The networks.

    image_size : int, list of int or None
        As in `PretrainedGAP`.

    remote : dict
        The parameters `remote` and `allow_local` of the reader.
    """
    dask = import_extra("distributed", "dask", "clusters (--scheduler)")
    from skfusion.distributed import embed
    from skfusion.embedding._pretrained_gap import PretrainedGAP
    from skfusion.images._image_reader import ImageReader
    from skfusion.io._embed_job import file_stem
    from skfusion.io._embed_rows import read_rows

    classes = None if options.classes == "none" else options.classes
    columns = {"image": options.image, "target": options.target, "row_id": options.id}
    rows = read_rows(os.path.expanduser(options.source), **columns, classes=classes, **remote)
    lenient = {"missing": "nan", "corrupt": "missing"} if options.unreadable == "nan" else {}
    target = rows.labels
    if target is not None and rows.class_names is not None:
        target = [rows.class_names[number] for number in target]
    with dask.Client(options.scheduler, timeout=30) as client:
        for backbone in backbones:
            gap = PretrainedGAP(
                backbone.name,
                weights=backbone.weights,
                backbone_options=backbone.options,
                image_size=image_size,
                batch_size=options.batch_size,
                runtime=options.runtime,
                reader=ImageReader(rows.root, **remote),
                **lenient,
            ).fit(rows.frame)
            name = f"gap_{file_stem(backbone.name)}{options.suffix}"
            manifest = embed(
                rows.frame,
                gap,
                out=f"{options.out.rstrip('/')}/{name}",
                ids=rows.ids,
                target=target,
                overwrite=options.overwrite,
                client=client,
            )
            print(manifest, flush=True)
