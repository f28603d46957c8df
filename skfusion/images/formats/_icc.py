"""Apply embedded color profiles (ICC.1): colors become sRGB."""

import io

from PIL import ImageCms

# Modes of 8 bits that a profile can be applied to; LAB is a color space of its own.
_MODES = {"L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"}
_REMEDY = "pass icc='ignore' to the reader"


def to_srgb(image):
    """Convert an image by the profile in it.

    Images without a profile, and those of 1, 16 or 32 bits, come back as they are.

    Raises
    ------
    ValueError
        If the profile is broken, or one for other colors than the image has.
    """
    content = image.info.get("icc_profile")
    if not content or image.mode not in _MODES:
        return image
    gray = image.mode in ("L", "LA", "La")
    colors, alpha = _separate(image)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        space = profile.profile.xcolor_space.strip()
    except (OSError, ImageCms.PyCMSError) as error:
        raise ValueError(f"its ICC profile can't be used ({error}); {_REMEDY}") from error
    if space == "RGB" and gray:
        colors = colors.convert("RGB")
    expected = {"L": "GRAY"}.get(colors.mode, colors.mode)
    if space != expected:
        raise ValueError(f"its ICC profile is for {space}, its pixels are {expected}; {_REMEDY}")
    try:
        converted = ImageCms.profileToProfile(
            colors, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError as error:
        raise ValueError(f"its ICC profile can't be used ({error}); {_REMEDY}") from error
    converted = converted.convert("L") if gray else converted
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _separate(image):
    """Return the colors in mode L, RGB or CMYK, and alpha or None."""
    gray = image.mode in ("L", "LA", "La")
    if image.mode == "CMYK":
        return image, None
    if image.has_transparency_data:
        image = image.convert("LA" if gray else "RGBA")
        return image.convert("L" if gray else "RGB"), image.getchannel("A")
    return (image if gray else image.convert("RGB")), None
