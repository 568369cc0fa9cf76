"""A hundred odd pictures, made here, with what an independent decoder (Pillow) makes of them."""

import io
import struct

import numpy as np
from PIL import Image, ImageOps

from picture_files import chunk, png_of_rows

PHOTO_SIZE = (61, 45)


def photo():
    """Something smooth with edges, and colours that do not follow from the brightness."""
    y, x = np.mgrid[0 : PHOTO_SIZE[1], 0 : PHOTO_SIZE[0]]
    red = 128 + 100 * np.sin(x / 9) * np.cos(y / 7)
    green = 255 * x / PHOTO_SIZE[0]
    blue = np.where((x - 30) ** 2 + (y - 20) ** 2 < 150, 230, 40) + 0 * x
    return Image.fromarray(np.stack([red, green, blue], 2).clip(0, 255).astype(np.uint8))


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(*shape, most=256, seed=1):
    return np.random.default_rng(seed).integers(0, most, shape)


def png_rows(width, height, depth, channels, filters=(0,), seed=1):
    size = (width * channels * depth + 7) // 8
    rows = noise(height, size, seed=seed).astype(np.uint8)
    return b"".join(bytes([filters[y % len(filters)]]) + row.tobytes() for y, row in enumerate(rows))


def adam7_rows(width, height, depth, channels):
    rows = b""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
                                    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns, lines = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and lines > 0:
            rows += png_rows(columns, lines, depth, channels, (0, 1, 2, 3, 4), seed=left + 8 * top)
    return rows


def bmp(width, height, bits, rows, header=40, compression=0, between=b"", used=0, cut=0):
    offset = 14 + header + len(between)
    fields = (struct.pack("<IHHHH", header, width, height, 1, bits) if header == 12 else
              struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 2835, 2835,
                          used, 0))
    file = (b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + fields).ljust(
        14 + header, b"\0") + between + rows
    return file[: len(file) - cut]


def bmp_rows(width, height, bits, most=256):
    size = (width * bits + 31) // 32 * 4
    return noise(height, size, most=most).astype(np.uint8).tobytes()


def with_segment(jpeg, marker, body):
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def exif(orientation, kind=3, order="<"):
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *([orientation, 0][: 5 - kind]))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return (mark + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1) + value + b"\0\0\0\0")


def pictures():
    """Names and bytes, whether they are read, and, of some, what is said of those that are not."""
    image = photo()
    jpeg = encoded(image, "JPEG", quality=90)
    # JPEG
    for quality in (5, 30, 75, 100):
        for subsampling in (0, 1, 2):
            yield (f"q{quality}_s{subsampling}.jpg",
                   encoded(image, "JPEG", quality=quality, subsampling=subsampling))
    for name, options in (("progressive", {"progressive": True}), ("optimized", {"optimize": True}),
                          ("dpi", {"dpi": (300, 300)}), ("comment", {"comment": b"x" * 300}),
                          ("profile", {"icc_profile": b"p" * 70000})):
        yield f"{name}.jpg", encoded(image, "JPEG", quality=90, **options)
    for name, converted in (("grey", image.convert("L")), ("cmyk", image.convert("CMYK"))):
        yield f"{name}.jpg", encoded(converted, "JPEG", quality=90)
        yield f"{name}_progressive.jpg", encoded(converted, "JPEG", quality=90, progressive=True)
    for size in ((1, 1), (40, 1), (1, 40), (8, 8), (17, 15), (3, 500), (5, 500)):
        yield f"{size[0]}x{size[1]}.jpg", encoded(image.resize(size), "JPEG", quality=90)
    for orientation in range(1, 9):
        body = b"Exif\0\0" + exif(orientation)
        yield f"exif{orientation}.jpg", with_segment(jpeg, 0xE1, body)
    yield "exif6_big.jpg", with_segment(jpeg, 0xE1, b"Exif\0\0" + exif(6, order=">"))
    yield "no_end.jpg", jpeg[:-2]
    yield "much_follows.jpg", jpeg + b"\0" * 1000 + jpeg
    yield "named.png", jpeg
    cut = "truncated"
    yield "cut_by_20.jpg", jpeg[:-20], cut
    yield "cut_in_half.jpg", jpeg[: len(jpeg) // 2], cut
    yield "cut_in_header.jpg", jpeg[:100], cut
    yield "zeros_at_end.jpg", jpeg[: len(jpeg) // 2] + b"\0" * 2000, cut
    progressive = encoded(image, "JPEG", quality=90, progressive=True)
    yield "last_scan_missing.jpg", progressive[: progressive.rindex(b"\xff\xda")], cut
    cmyk = encoded(image.convert("CMYK"), "JPEG", quality=90)
    adobe = cmyk.index(b"Adobe") - 4
    yield "cmyk_without_marker.jpg", cmyk[:adobe] + cmyk[adobe + 16 :], "Adobe"
    frame = jpeg.index(b"\xff\xc0")
    yield "arithmetic.jpg", jpeg[: frame + 1] + b"\xc9" + jpeg[frame + 2 :], "arithmetic"
    yield "lossless.jpg", jpeg[: frame + 1] + b"\xc3" + jpeg[frame + 2 :], "lossless"
    yield "12_bits.jpg", jpeg[: frame + 4] + b"\x0c" + jpeg[frame + 5 :], "12 bits"
    codes = jpeg.index(b"\xff\xc4")
    yield "many_codes.jpg", jpeg[: codes + 19] + b"\xff\xff" + jpeg[codes + 21 :], "table of"
    huge = jpeg[: frame + 5] + b"\xff\xff\xff\xff" + jpeg[frame + 9 :]
    yield "huge.jpg", huge, "more than the"
    # PNG
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield f"{mode}.png", encoded(image.convert(mode), "PNG")
    for depth, colour, channels in ((1, 0, 1), (2, 0, 1), (4, 0, 1), (8, 0, 1), (16, 0, 1), (8, 2, 3),
                                    (16, 2, 3), (8, 4, 2), (16, 4, 2), (8, 6, 4), (16, 6, 4)):
        filters = (0, 1, 2, 3, 4)
        yield (f"d{depth}_c{colour}.png",
               png_of_rows(29, 13, depth, colour, png_rows(29, 13, depth, channels, filters)))
        yield (f"d{depth}_c{colour}_interlaced.png",
               png_of_rows(29, 13, depth, colour, adam7_rows(29, 13, depth, channels), interlaced=1))
    palette = chunk(b"PLTE", noise(256, 3).astype(np.uint8).tobytes())
    for depth in (1, 2, 4, 8):
        part = chunk(b"PLTE", palette[8 : 8 + 3 * 2**depth])
        yield f"palette{depth}.png", png_of_rows(29, 13, depth, 3, png_rows(29, 13, depth, 1), part)
    yield ("palette_alpha.png",
           png_of_rows(29, 13, 8, 3, png_rows(29, 13, 8, 1), palette + chunk(b"tRNS", bytes(range(200)))))
    yield ("colour_key.png", png_of_rows(2, 1, 8, 2, b"\0\1\2\3\4\5\6", chunk(b"tRNS", b"\0\1\0\2\0\3")))
    yield "interlaced_1x1.png", png_of_rows(1, 1, 8, 2, b"\0abc", interlaced=1)
    yield "more_than_pixels.png", png_of_rows(2, 2, 8, 0, b"\0ab\0cd" + b"\0" * 40)
    text = chunk(b"tEXt", b"Title\0x") + chunk(b"tIME", b"\7\xe0\1\1\1\1\1")
    yield "texts.png", png_of_rows(29, 13, 8, 2, png_rows(29, 13, 8, 3), text, after=text)
    whole = encoded(image, "PNG")
    idat = whole.index(b"IDAT")
    yield "cut.png", whole[: len(whole) // 2], cut
    yield "no_end.png", whole[:-12], cut
    yield "wrong_checksum.png", whole[: idat + 9] + b"!" + whole[idat + 10 :], "checksum"
    yield "few_rows.png", png_of_rows(29, 13, 8, 2, png_rows(29, 12, 8, 3)), "its pixels end"
    yield "no_palette.png", png_of_rows(29, 13, 8, 3, png_rows(29, 13, 8, 1)), "palette"
    yield ("short_palette.png",
           png_of_rows(29, 13, 8, 3, png_rows(29, 13, 8, 1), chunk(b"PLTE", b"abc")), "palette of 1")
    yield "bomb.png", png_of_rows(20000, 20000, 8, 0, b"\0" * 1000), "20000x20000"
    iphone = whole[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + whole[8:]
    yield "iphone.png", iphone, "iPhone"
    # BMP
    for bits in (24, 32, 16):
        yield f"{bits}.bmp", bmp(13, 9, bits, bmp_rows(13, 9, bits))
        yield f"{bits}_top_down.bmp", bmp(13, -9, bits, bmp_rows(13, 9, bits))
    for bits in (1, 4, 8):
        colours = noise(2**bits, 4).astype(np.uint8)
        colours[:, 3] = 0
        yield f"{bits}.bmp", bmp(13, 9, bits, bmp_rows(13, 9, bits), between=colours.tobytes())
    yield ("os2.bmp", bmp(13, 9, 8, bmp_rows(13, 9, 8), header=12,
                          between=noise(256, 3).astype(np.uint8).tobytes()))
    yield ("565.bmp", bmp(13, 9, 16, bmp_rows(13, 9, 16), compression=3,
                          between=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    yield ("short_colours.bmp", bmp(13, 9, 8, bmp_rows(13, 9, 8), between=b"abc\0", used=1),
           "palette of 1")
    yield "cut.bmp", bmp(13, 9, 24, bmp_rows(13, 9, 24), cut=200), cut
    yield "cut_in_header.bmp", bmp(13, 9, 24, b"")[:30], cut
    yield "run_lengths.bmp", bmp(4, 1, 8, b"\4\0\0\1", compression=1, between=bytes(1024)), "run len"
    yield "huge.bmp", bmp(2**30, 2**30, 24, b""), ""
    # Others
    for kind in ("GIF", "TIFF", "WEBP", "PPM", "TGA", "ICO"):
        name = {"PPM": "PNM", "WEBP": "WebP", "ICO": "icon"}.get(kind, kind)
        yield f"{kind.lower()}.jpg", encoded(image, kind), name
    for name, contents in (("PSD", b"8BPS\0\1"), ("HDR", b"#?RADIANCE\n"), ("PIC", b"\x53\x80\xf6\x34"),
                           ("JPEG 2000", b"\0\0\0\x0cjP  "), ("AVIF", b"\0\0\0\x18ftypavif"),
                           ("HEIF", b"\0\0\0\x18ftypheic"), ("empty", b""),
                           ("neither", b"Hello\n")):
        yield f"{name}.jpg".replace(" ", "_"), contents, name


def reference(contents):
    """RGB as Pillow has it, upright; alpha is dropped, of 16 bits the higher ones are taken."""
    image = Image.open(io.BytesIO(contents))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        return np.repeat((np.asarray(image).astype(int) >> 8)[..., None], 3, 2)
    if image.mode in ("LA", "PA"):
        return np.asarray(image.convert("RGBA"))[..., :3]
    if image.mode == "RGBA":
        return np.asarray(image)[..., :3]
    return np.asarray(image.convert("RGB"))
