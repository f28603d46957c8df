"""Command `skfusion augment`."""

from skfusion._commands._messages import FOLDER_REMEDIES, exit_on_error
from skfusion._commands._options import add_classes

_REMEDIES = FOLDER_REMEDIES | {
    "beside": "Move them into the folder of their class, or use no classes (--classes none).",
    "factor": "Pass --factor, or the parent folder.",
    "skip": "Repair the images and run this again, or add --skip-unreadable.",
}


def add_parser(commands):
    """Add this command to the parser's commands."""
    parser = commands.add_parser(
        "augment",
        help="write augmented copies of a folder of images, to balance its classes",
        description=(
            "Write augmented copies of images (rotated, shifted, sheared, zoomed, flipped) to "
            "class folders. Their names contain the original: rose/12__aug003.png is a copy of "
            "rose/12.jpg. Run the command again to continue after an interruption. Keep all copies "
            "of an image on the same side of a split: manifest.csv lists the originals."
        ),
    )
    parser.add_argument("folder", metavar="FOLDER", help="the images, in one folder per class")
    parser.add_argument(
        "--out", required=True, metavar="FOLDER", help="a new folder for the copies"
    )
    how_many = parser.add_mutually_exclusive_group(required=True)
    how_many.add_argument(
        "--balance", action="store_true", help="make every class as large as the largest"
    )
    how_many.add_argument(
        "--factor", type=int, metavar="N", help="write N images for each image, itself included"
    )
    parser.add_argument(
        "--augmentation",
        choices=("recipe", "light"),
        default="recipe",
        help="recipe: rotations of 40 degrees, shifts, shear and zoom of 0.2, flips (default); "
        "light: rotations of 10 degrees, shifts and zoom of 0.1",
    )
    add_classes(parser)
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="size of the copies"
    )
    parser.add_argument(
        "--format",
        choices=("png", "jpg"),
        default="png",
        help="format of the copies (default: png)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the random numbers (default: 0)"
    )
    parser.add_argument("--copies-only", action="store_true", help="leave out the original images")
    parser.add_argument(
        "--skip-unreadable", action="store_true", help="leave out unreadable images"
    )
    parser.set_defaults(run=run)


def run(options):
    """Write the copies and print their number."""
    from skfusion.augmentation._augment_folder import MANIFEST, augment_folder

    with exit_on_error("augment", _REMEDIES):
        report = augment_folder(
            options.folder,
            options.out,
            factor=options.factor,
            augmentation=options.augmentation,
            classes=None if options.classes == "none" else options.classes,
            image_size=options.size,
            file_format=options.format,
            originals=not options.copies_only,
            skip_unreadable=options.skip_unreadable,
            random_state=options.seed,
            verbose=1,
        )
    print(f"{'class':<24}{'images':>10}{'now':>10}")
    for label, (before, after) in report.counts.items():
        print(f"{label or '(no classes)':<24}{before:>10}{after:>10}")
    existing = f"; {report.n_existing} existed already" if report.n_existing else ""
    print(f"\n{report.n_written} files written to {options.out}{existing}.")
    left_out = {**report.skipped, "unreadable": len(report.unreadable)}
    left_out = [f"{count} ({reason})" for reason, count in left_out.items() if count]
    if left_out:
        print(f"Left out: {', '.join(left_out)}.")
    print(f"The origin of each file: {MANIFEST}.")
    return 0
