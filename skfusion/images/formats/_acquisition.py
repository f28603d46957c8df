"""Facts in a file on how its image was acquired: camera, scanner, compression."""

import io
import os

from PIL import Image

from skfusion.images.formats._open_medical import MEDICAL_FORMATS
from skfusion.images.formats._reasons import one_line_reasons

_EXIF = {
    0x010F: "EXIF Make",
    0x0110: "EXIF Model",
    0x0131: "EXIF Software",
    0x0132: "EXIF DateTime",
}
_EXIF_OF_PHOTO = {
    0x9003: "EXIF DateTimeOriginal",
    0xA431: "EXIF BodySerialNumber",
    0xA434: "EXIF LensModel",
}
_PHOTO = 0x8769
_DICOM = (
    "PatientID",
    "StudyInstanceUID",
    "StudyDate",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "InstitutionName",
    "StationName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "ProtocolName",
    "BodyPartExamined",
    "PhotometricInterpretation",
    "KVP",
    "SliceThickness",
    "PixelSpacing",
)
_MAX_BYTES = 1 << 28


def find_acquisition(source, image_format):
    """Return the facts of a file on its acquisition, apart from its size and mode.

    Parameters
    ----------
    source : bytes, str, PathLike, PIL image or other object
        The file, or its content. Arrays have no header.

    image_format : str or None
        Its format.

    Returns
    -------
    facts : dict of str to str or float
        "EXIF ..." and "DICOM ..." tags, "compression" (the mean of JPEG's first quantization
        table: larger is coarser), "dpi" and "color profile". Without what is not there.
    """
    try:
        with one_line_reasons():
            return _find(source, image_format)
    except ValueError:
        return {}  # a broken header has no facts; unreadable images are reported elsewhere


def _find(source, image_format):
    if image_format in MEDICAL_FORMATS:
        return _of_dicom(source) if image_format == "DICOM" else {}
    if isinstance(source, Image.Image):
        return _of_image(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = io.BytesIO(source)
    elif not isinstance(source, (str, os.PathLike)):
        return {}
    with Image.open(source) as image:
        return _of_image(image)


def _of_image(image):
    exif = image.getexif()
    found = {name: _text(exif.get(tag)) for tag, name in _EXIF.items()}
    photo = exif.get_ifd(_PHOTO)
    found |= {name: _text(photo.get(tag)) for tag, name in _EXIF_OF_PHOTO.items()}
    tables = getattr(image, "quantization", None)
    if tables:
        first = tables[min(tables)]
        found["compression"] = float(sum(first) / len(first))
    if "dpi" in image.info:
        found["dpi"] = float(image.info["dpi"][0])
    if image.info.get("icc_profile"):
        found["color profile"] = f"{len(image.info['icc_profile'])} bytes"
    return {name: value for name, value in found.items() if value not in (None, "")}


def _of_dicom(source):
    from skfusion.images.formats._dicom_header import read_header, text

    dataset = read_header(source, _MAX_BYTES).dataset
    found = {f"DICOM {name}": text(dataset, name) for name in _DICOM}
    return {name: value for name, value in found.items() if value}


def _text(value):
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return None if value is None else str(value).strip(" \0")
