"""Files nobody should have made. `HOSTILE`: what each is called → its bytes, and what must come of it."""

from __future__ import annotations

import importlib.util
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

__all__ = ["HOSTILE", "PICTURE", "whole_files"]

PICTURE = "a picture"
"""the outcome of files that can be read; every other outcome is a piece of the one sentence that refuses the file; an empty piece: either will do"""
DAMAGED = "is damaged or cut short"
UNKNOWN = "is not a picture of a kind that can be read"
TOO_LARGE = "If you trust the file, set U2STUDIO_MAX_MEGAPIXELS higher"


def _noise(height: int = 24, width: int = 32, channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(7).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def _save(kind: str, pixels: np.ndarray | Image.Image | None = None, **options: object) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(_noise() if pixels is None else pixels)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _chunk(kind: bytes, contents: bytes = b"", *, length: int | None = None, crc: int = 0) -> bytes:
    return struct.pack(">I", len(contents) if length is None else length) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents) ^ crc)


def _png(
    width: int = 32, height: int = 24, depth: int = 8, colour: int = 2, *, data: bytes | None = None, extra: bytes = b"", end: bytes | None = None
) -> bytes:
    header = struct.pack(">II5B", width, height, depth, colour, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(32 * 3 * depth // 8) for _ in range(24)) if data is None else data
    body = _chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + extra + body + (_chunk(b"IEND") if end is None else end)


def _tiff(tags: dict[int, tuple[int, int, int]], tail: bytes = b"", following: int = 0) -> bytes:
    """Little-endian; tags: number → type, count, value or place; `tail` begins right after the directory."""
    table = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + struct.pack("<I", following) + tail


def _gray_tiff(**changes: tuple[int, int, int] | None) -> bytes:
    """A gray TIFF of 4 × 4; `changes`: t<number>=entry replaces a tag, None removes it."""
    tags: dict[int, tuple[int, int, int]] = {256: (3, 1, 4), 257: (3, 1, 4), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 0),
                                             277: (3, 1, 1), 278: (3, 1, 4), 279: (4, 1, 16)}  # fmt: skip
    for name, entry in changes.items():
        tags.pop(int(name[1:]), None)
        if entry:
            tags[int(name[1:])] = entry
    if 273 in tags and "t273" not in changes:
        tags[273] = (4, 1, 8 + 2 + 12 * len(tags) + 4)
    return _tiff(tags, bytes(range(0, 256, 16)))


def _bmp(width: int = 4, height: int = 4, bits: int = 24, compression: int = 0) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 64, 0, 0, 54) + header + bytes(64)


def _jpeg_with_size(width: int, height: int) -> bytes:
    data = bytearray(_save("JPEG"))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def _jpeg_of_scans(count: int, image: Image.Image | None = None) -> bytes:
    """A progressive JPEG whose last scan is said again and again."""
    data = _save("JPEG", image, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def _without(data: bytes, marker: bytes) -> bytes:
    """A JPEG without its segments of one marker."""
    at, kept = 2, data[:2]
    while data[at : at + 2] != b"\xff\xda":
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at : at + 2] != marker:
            kept += data[at : at + length]
        at += length
    return kept + data[at:]


def _float_tiff(*values: float, bits: int = 32) -> bytes:
    body = np.array([*values, *[0.5] * (16 - len(values))], f"<f{bits // 8}").tobytes()
    tags = {256: (3, 1, 4), 257: (3, 1, 4), 258: (3, 1, bits), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 134), 277: (3, 1, 1), 278: (3, 1, 4),
            279: (4, 1, len(body)), 339: (3, 1, 3)}  # fmt: skip
    return _tiff(tags, body)


def _deep_tiff(samples: int, photometric: int, *, planar: int = 1, bits: int = 16) -> bytes:
    size = 16 * samples * bits // 8
    tags = {256: (3, 1, 4), 257: (3, 1, 4), 258: (3, 1, bits), 259: (3, 1, 1), 262: (3, 1, photometric), 273: (4, 1, 146), 277: (3, 1, samples),
            278: (3, 1, 4), 279: (4, 1, size), 284: (3, 1, planar), 339: (3, 1, 1)}  # fmt: skip
    return _tiff(tags, bytes(size))


def _two_in_one(jpeg: bytes) -> bytes:
    """A picture and its depth map, as phones store them (CIPA DC-007: Multi-Picture Format)."""
    entries = struct.pack("<4I", 0x20030000, len(jpeg), 0, 0) + struct.pack("<4I", 0, len(jpeg), len(jpeg), 0)
    index = _tiff({0xB000: (7, 4, 0x30303130), 0xB001: (4, 1, 2), 0xB002: (7, 32, 50)}, entries)
    return jpeg[:2] + b"\xff\xe2" + struct.pack(">H", len(index) + 6) + b"MPF\0" + index + jpeg[2:] + jpeg


def _frames(kind: str, count: int = 3, **options: object) -> bytes:
    frames = [Image.fromarray(_noise(seed_width)) for seed_width in [24] * count]
    for shade, frame in enumerate(frames):
        frame.putpixel((0, 0), (shade * 80, 0, 0))
    return _save(kind, frames[0], save_all=True, append_images=frames[1:], **options)


def _cut(data: bytes, part: float = 0.6) -> bytes:
    return data[: int(len(data) * part)]


def _with_exif(exif: bytes) -> bytes:
    return _save("JPEG", exif=b"Exif\0\0" + exif)


CIRCLE_EXIF = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
GREEDY_EXIF = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x010F, 2, 0xFFFFFFFF, 26, 0)
BOMB = zlib.compress(bytes(60_000_000), 9)


def whole_files() -> dict[str, bytes]:
    """One small, sound file of each kind that can be written here: what the fuzzer damages."""
    palette = Image.fromarray(_noise(channels=0)).convert("P")
    files = {
        "png": _save("PNG"),
        "png rgba": _save("PNG", _noise(channels=4)),
        "png palette": _save("PNG", palette, transparency=3),
        "png one bit": _save("PNG", palette.convert("1")),
        "png 16": _png(depth=16),
        "jpeg": _save("JPEG"),
        "jpeg progressive": _save("JPEG", progressive=True),
        "jpeg gray": _save("JPEG", _noise(channels=0)),
        "jpeg cmyk": _save("JPEG", Image.frombytes("CMYK", (32, 24), _noise(channels=4).tobytes())),
        "jpeg exif": _with_exif(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
        "webp": _save("WEBP"),
        "webp lossless": _save("WEBP", _noise(channels=4), lossless=True),
        "tiff": _save("TIFF"),
        "tiff lzw": _save("TIFF", _noise(channels=4), compression="tiff_lzw"),
        "tiff deflate": _save("TIFF", compression="tiff_adobe_deflate"),
        "tiff 16": _deep_tiff(3, 2),
        "tiff float": _float_tiff(0.1, 0.9),
        "bmp": _save("BMP"),
        "bmp palette": _save("BMP", palette),
        "gif": _save("GIF", palette),
        "gif animated": _frames("GIF"),
        "ppm": _save("PPM"),
    }
    Image.init()
    if "AVIF" in Image.SAVE:
        files["avif"] = _save("AVIF")
    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif  # pyright: ignore[reportMissingImports]

        stream = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(_noise())).save(stream)
        files["heif"] = stream.getvalue()
    return files


_WHOLE = whole_files()

HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    # not pictures
    "zero bytes": (b"", "is empty: it holds zero bytes"),
    "one byte": (b"\x89", UNKNOWN),
    "null bytes": (bytes(4096), UNKNOWN),
    "random bytes": (np.random.default_rng(0).bytes(5000), UNKNOWN),
    "text": (b"just some text, renamed\n" * 10, UNKNOWN),
    "text that begins like BMP": (b"BMW makes cars and motorcycles, and this is no bitmap", DAMAGED),
    "text that begins like PPM": (b"P6 or not P6, that is the question", DAMAGED),
    "web page": (b"<!DOCTYPE html><html><body>404 not found</body></html>", UNKNOWN),
    "drawing": (b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>', UNKNOWN),
    "archive": (b"PK\x03\x04" + bytes(100), UNKNOWN),
    "pdf": (b"%PDF-1.7\n" + bytes(100), UNKNOWN),
    "layered file of another program": (b"8BPS\0\x01" + bytes(100), UNKNOWN),
    "film": (b"\0\0\0\x18ftypisom" + bytes(100), UNKNOWN),
    # renamed, but sound
    "a png.jpg": (_WHOLE["png"], PICTURE),
    "a jpeg.png": (_WHOLE["jpeg"], PICTURE),
    "a webp.tif": (_WHOLE["webp"], PICTURE),
    "a tiff with no suffix": (_WHOLE["tiff"], PICTURE),
    # cut short
    "png signature alone": (b"\x89PNG\r\n\x1a\n", DAMAGED),
    "jpeg start alone": (b"\xff\xd8\xff\xe0", DAMAGED),
    "tiff start alone": (b"II*\0", DAMAGED),
    "webp start alone": (b"RIFF\x04\0\0\0WEBP", DAMAGED),
    "gif start alone": (b"GIF89a", DAMAGED),
    "bmp start alone": (b"BM", DAMAGED),
    "avif start alone": (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
    **{f"half a {kind}": (_cut(data), DAMAGED) for kind, data in _WHOLE.items() if kind not in ("tiff float", "avif", "heif", "gif animated")},
    "half a film of a gif": (_cut(_WHOLE["gif animated"], 0.9), DAMAGED),
    "png without its end": (_png(end=b""), PICTURE),
    "png 16 without its end": (_png(depth=16, end=b""), DAMAGED),
    "jpeg without its end": (_WHOLE["jpeg"][:-2], DAMAGED),
    "jpeg with a letter behind its end": (_WHOLE["jpeg"] + b"Dear reader," * 100, PICTURE),
    # sizes
    **{f"1 × 1 {kind}": (lambda kind=kind: _save(kind, _noise(1, 1)), PICTURE) for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")},
    "20000 × 50": (lambda: _save("PNG", np.zeros((50, 20000, 3), np.uint8)), PICTURE),
    "50 × 20000 jpeg": (lambda: _save("JPEG", np.zeros((20000, 50), np.uint8)), PICTURE),
    "1 × 65500 jpeg": (lambda: _save("JPEG", np.zeros((65500, 1), np.uint8)), PICTURE),
    "60000 × 60000 png": (_png(60000, 60000), TOO_LARGE),
    "60000 × 60000 png of 16 bits": (_png(60000, 60000, 16), TOO_LARGE),
    "2147483647 × 2147483647 png": (_png(2**31 - 1, 2**31 - 1), TOO_LARGE),
    "65500 × 65500 jpeg": (_jpeg_with_size(65500, 65500), TOO_LARGE),
    "60000 × 60000 tiff": (_gray_tiff(t256=(4, 1, 60000), t257=(4, 1, 60000)), TOO_LARGE),
    "60000 × 60000 tiff of 16 bits": (_gray_tiff(t256=(4, 1, 60000), t257=(4, 1, 60000), t258=(3, 1, 16)), TOO_LARGE),
    "60000 × 60000 bmp": (_bmp(60000, 60000), TOO_LARGE),
    "65535 × 65535 gif": (_WHOLE["gif"][:6] + b"\xff" * 4 + _WHOLE["gif"][10:], TOO_LARGE),
    "60000 × 60000 ppm": (b"P6 60000 60000 255 " + bytes(99), TOO_LARGE),
    "16384 × 16384 webp": (b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0", ""),
    "0 × 24 png": (_png(0), DAMAGED),
    "0 × 0 ppm": (b"P6 0 0 255 ", DAMAGED),
    "0 × 4 bmp": (_bmp(0), DAMAGED),
    "0 × 4 tiff": (_gray_tiff(t256=(3, 1, 0)), DAMAGED),
    "bmp of width -4": (_bmp(-4), ""),
    "ppm of width -4": (b"P6 -4 4 255 " + bytes(99), DAMAGED),
    # values
    "NaN": (_float_tiff(float("nan")), "numbers that are not finite"),
    "infinity": (_float_tiff(float("inf")), "numbers that are not finite"),
    "minus infinity, 64 bits": (_float_tiff(float("-inf"), bits=64), "numbers that are not finite"),
    "floats from 0 to 255": (_float_tiff(0, 255), "values from 0 to 255; floating-point pictures must lie in 0 to 1"),
    "floats of 1e38": (_float_tiff(-1e38, 1e38), "floating-point pictures must lie in 0 to 1"),
    "floats of 16 bits": (_float_tiff(0.5, bits=16), ""),
    "all black": (lambda: _save("PNG", np.zeros((40, 50, 3), np.uint8)), PICTURE),
    "all white": (lambda: _save("PNG", np.full((40, 50, 3), 255, np.uint8)), PICTURE),
    "all transparent": (lambda: _save("PNG", np.zeros((40, 50, 4), np.uint8)), PICTURE),
    # rare kinds
    "cmyk jpeg": (_WHOLE["jpeg cmyk"], PICTURE),
    "lab tiff": (lambda: _save("TIFF", Image.frombytes("LAB", (32, 24), _noise().tobytes())), PICTURE),
    "tiff of 32-bit whole numbers": (lambda: _save("TIFF", Image.fromarray(np.full((4, 4), 70000, np.int32))), "rare kind"),
    "cmyk tiff of 16 bits": (_deep_tiff(4, 5), "rare kind (4 × 16 bit integer, photometric 5)"),
    "tiff of planes of 16 bits": (_deep_tiff(3, 2, planar=2), "rare kind"),
    "tiff of 5 channels of 16 bits": (_deep_tiff(5, 2), "rare kind"),
    "tiff of 64-bit whole numbers": (_deep_tiff(1, 1, bits=64), "rare kind"),
    "sensor data": (_deep_tiff(1, 32803), "rare kind"),
    "tiff of 3 bits": (_gray_tiff(t258=(3, 1, 3)), DAMAGED),
    # more than one picture
    "animated gif": (_WHOLE["gif animated"], "is animated (3 frames); give a still picture"),
    "animated png": (lambda: _frames("PNG"), "is animated (3 frames); give a still picture"),
    "animated webp": (lambda: _frames("WEBP"), "is animated (3 frames); give a still picture"),
    "tiff of three pages": (lambda: _frames("TIFF"), "holds several pages"),
    "tiff of a million pages in a circle": (_tiff({254: (4, 1, 0)}, following=8), DAMAGED),
    "still gif": (_WHOLE["gif"], PICTURE),
    "phone photo of two pictures": (lambda: _two_in_one(_WHOLE["jpeg"]), PICTURE),
    # damaged PNG
    "png with a wrong sum in its header": (_WHOLE["png"][:29] + b"\0\0\0\0" + _WHOLE["png"][33:], DAMAGED),
    "png without pixels": (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">II5B", 4, 4, 8, 2, 0, 0, 0)) + _chunk(b"IEND"), DAMAGED),
    "png of too few pixels": (_png(data=bytes(97)), ""),
    "png of 16 bits and too few pixels": (_png(depth=16, data=bytes(97)), ""),
    "png of no deflate stream": (_WHOLE["png"][:60] + b"\xff" * 50 + _WHOLE["png"][110:], DAMAGED),
    "png of an unknown filter": (_png(data=(b"\x09" + bytes(96)) * 24), DAMAGED),
    "png of an unknown colour type": (_png(colour=5), DAMAGED),
    "png of 7 bits": (_png(depth=7), DAMAGED),
    "png palette without palette": (_png(colour=3), ""),
    "png with a chunk of 4 gigabytes": (_png(extra=_chunk(b"tEXt", b"a\0b", length=0xFFFFFFFF)), DAMAGED),
    "png with a profile that is a bomb": (_png(extra=_chunk(b"iCCP", b"x\0\0" + BOMB)), ""),
    "png with a text that is a bomb": (_png(extra=_chunk(b"zTXt", b"x\0\0" + BOMB)), ""),
    "png of 16 bits with a profile that is a bomb": (_png(depth=16, extra=_chunk(b"iCCP", b"x\0\0" + BOMB)), ""),
    "png of 16 bits of no deflate stream": (_png(depth=16).replace(b"IDATx", b"IDATy"), DAMAGED),
    # damaged JPEG
    "jpeg with noise inside": (_WHOLE["jpeg"][:700] + bytes(range(60, 120)) + _WHOLE["jpeg"][760:], PICTURE),
    "jpeg without a frame": (_without(_WHOLE["jpeg"], b"\xff\xc0"), DAMAGED),
    "jpeg without its tables": (_without(_WHOLE["jpeg"], b"\xff\xdb"), DAMAGED),
    "jpeg without its codes": (_without(_WHOLE["jpeg"], b"\xff\xc4"), ""),
    "jpeg of no height": (_jpeg_with_size(32, 0), DAMAGED),
    "jpeg higher than its data": (_jpeg_with_size(32, 4000), ""),
    "jpeg of 12 bits": (_WHOLE["jpeg"].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), DAMAGED),
    "jpeg of 5000 scans": (lambda: _jpeg_of_scans(5000), "is a JPEG of"),
    "jpeg of 5000 scans without its end": (lambda: _jpeg_of_scans(5000)[:-2], "is a JPEG of"),
    "cmyk jpeg of 5000 scans": (lambda: _jpeg_of_scans(5000, Image.frombytes("CMYK", (32, 24), _noise(channels=4).tobytes())), "is a JPEG of"),
    "exif in a circle": (_with_exif(CIRCLE_EXIF), PICTURE),
    "exif of 4 gigabytes": (_with_exif(GREEDY_EXIF), PICTURE),
    "exif of garbage": (_with_exif(b"\xff" * 500), PICTURE),
    # damaged others
    "webp of a wrong length": (b"RIFF\xff\xff\xff\x7f" + _WHOLE["webp"][8:], ""),
    "tiff whose directory is elsewhere": (b"II*\0\xff\xff\xff\x7f", DAMAGED),
    "tiff without tags": (_tiff({}), DAMAGED),
    "tiff whose pixels are elsewhere": (_gray_tiff(t273=(4, 1, 10**9)), DAMAGED),
    "tiff of 16 bits whose pixels are elsewhere": (_gray_tiff(t258=(3, 1, 16), t273=(4, 1, 10**9)), DAMAGED),
    "tiff without a place for pixels": (_gray_tiff(t273=None), DAMAGED),
    "tiff without a width": (_gray_tiff(t256=None), DAMAGED),
    "tiff whose width is a text": (_gray_tiff(t256=(2, 4, 0x34343434)), DAMAGED),
    "tiff of an unknown compression": (_gray_tiff(t259=(3, 1, 12345)), DAMAGED),
    "tiff with 4 billion strips": (_gray_tiff(t273=(4, 0xFFFFFFFF, 8)), DAMAGED),
    "tiff with a profile of 4 gigabytes": (_gray_tiff(t34675=(7, 0xFFFFFFFF, 8)), PICTURE),
    "tiff with tags of unknown types": (_gray_tiff(t65000=(99, 1, 1), t305=(0, 5, 5)), PICTURE),
    "tiff whose settings are its own directory": (_gray_tiff(t34665=(4, 1, 8)), PICTURE),
    "bigtiff that points past everything": (b"II+\0\x08\0\0\0" + b"\xff" * 8, DAMAGED),
    "gif without a picture": (_WHOLE["gif"][:13] + b";", DAMAGED),
    "bmp of 5 bits": (_bmp(bits=5), DAMAGED),
    "bmp of an unknown compression": (_bmp(compression=99), DAMAGED),
    "bmp of broken runs": (_bmp(bits=8, compression=1), ""),
    "ppm without pixels": (b"P6 4 4 255 ", DAMAGED),
    "ppm of endless numbers": (b"P6 " + b"1" * 10000, DAMAGED),
    "ppm of endless comments": (b"P6 #" + b"x" * 100000, DAMAGED),
    "ppm of no values": (b"P6 4 4 0 " + bytes(99), DAMAGED),
    "ppm of 16 bits": (b"P5 2 2 65535 \0\0\1\1\x80\0\xff\xff", PICTURE),
}
