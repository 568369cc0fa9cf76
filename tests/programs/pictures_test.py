"""Odd pictures are decoded as Pillow decodes them, or refused by name."""

import pathlib
import resource
import shutil
import tempfile
import time
import unittest

from program import Result

try:
    import numpy as np
    from PIL import features

    from coded_jpegs import coded_jpegs
    from odd_pictures import bmp, encoded, photo, pictures, png_rows, reference
    from picture_files import chunk, png_of_rows
except ImportError as problem:
    print(f"Skipped: {problem}")
    raise SystemExit(77)

class Pictures(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def decode(self, name, contents, *options):
        """Pixels, or what is said of the picture."""
        path = self.folder / name
        path.write_bytes(contents)
        result = Result("decode", *options, path)
        if result.status:
            self.assertEqual((result.status, len(result.complaints)), (1, 1), name)
            complaint = result.complaints[0]
            self.assertTrue(complaint.startswith(f"{path}: "))
            return None, complaint
        _, size, _, pixels = result.bytes.split(b"\n", 3)
        width, height = map(int, size.split())
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3), ""

    def test_as_pillow(self):
        rows, failures = [], []
        for name, contents, *refusal in pictures():
            start = time.monotonic()
            pixels, complaint = self.decode(name, contents)
            seconds = time.monotonic() - start
            if pixels is None:
                good = bool(refusal) and refusal[0] in complaint
                rows.append(f"{name:28} refused: {complaint.split(': ', 1)[1]}")
            else:
                expected = reference(contents if not name.startswith("no_end.jpg")
                                     else contents + b"\xff\xd9")
                same_shape = expected.shape == pixels.shape
                levels = int(np.abs(expected.astype(int) - pixels).max()) if same_shape else 999
                good = not refusal and levels == 0
                rows.append(f"{name:28} {pixels.shape[1]}x{pixels.shape[0]}: "
                            + ("equal" if levels == 0 else f"within {levels} levels"))
            if not good or seconds > 20:
                failures.append(rows[-1])
        print("\n".join(rows))
        print(len(rows), "pictures")
        self.assertGreaterEqual(len(rows), 100)
        self.assertEqual(failures, [])

    def test_jpegs_as_libjpeg_turbo(self):
        """Every sampling, in every size; qualities, progressive scans and tables of encoders."""
        if not features.check("libjpeg_turbo"):
            self.skipTest("Pillow decodes with another library than libjpeg-turbo")
        files = dict(coded_jpegs())
        for size in range(1, 41):
            image = photo().resize((size, 41 - size))
            for subsampling in range(3):
                for progressive in (False, True):
                    files[f"encoded_{size}_{subsampling}_{progressive}"] = encoded(
                        image, "JPEG", quality=(5, 50, 75, 95)[size % 4], subsampling=subsampling,
                        progressive=progressive, optimize=size % 2 == 0)
        paths = [self.folder / name for name in files]
        for path, contents in zip(paths, files.values()):
            path.write_bytes(contents)
        decoded = Result("decode", *paths)
        self.assertEqual(decoded.complaints, [])
        rest = decoded.bytes
        different = []
        for name, contents in files.items():
            expected = reference(contents)
            header = b"P6\n%d %d\n255\n" % expected.shape[1::-1]
            self.assertTrue(rest.startswith(header), name)
            pixels = np.frombuffer(rest, np.uint8, expected.size, len(header))
            rest = rest[len(header) + expected.size :]
            levels = np.abs(pixels.astype(int) - expected.reshape(-1)).max()
            if levels:
                different.append(f"{name}: by {levels} levels")
        print(len(files), "JPEGs")
        self.assertEqual((different, rest), ([], b""))

    def test_what_is_transparent_is_seen(self):
        """Dark things on white, light ones on black; of a palette and a colour key, too."""
        for ink, ground in ((0, 255), (250, 0)):
            rgba = np.zeros((4, 6, 4), np.uint8)
            rgba[1:3, 1:5] = (ink, ink, ink, 255)
            rgba[0, 0] = (ink, ink, ink, 128)
            rows = b"".join(b"\0" + row.tobytes() for row in rgba)
            pixels, _ = self.decode("text.png", png_of_rows(6, 4, 8, 6, rows), "--contrast")
            self.assertEqual(pixels[3, 5].tolist(), [ground] * 3)
            self.assertEqual(pixels[1, 1].tolist(), [ink] * 3)
            self.assertAlmostEqual(int(pixels[0, 0, 0]), (ink * 128 + ground * 127) // 255, delta=1)
            dropped, _ = self.decode("text.png", png_of_rows(6, 4, 8, 6, rows))
            self.assertTrue((dropped == rgba[..., :3]).all())
        palette = chunk(b"PLTE", b"\0\0\0\xff\xff\xff") + chunk(b"tRNS", b"\xff\0")
        pixels, _ = self.decode("p.png", png_of_rows(2, 1, 8, 3, b"\0\0\1", palette), "--contrast")
        self.assertEqual(pixels.tolist(), [[[0] * 3, [255] * 3]])
        key = chunk(b"tRNS", b"\0\0")
        pixels, _ = self.decode("k.png", png_of_rows(2, 1, 8, 0, b"\0\0\xff", key), "--contrast")
        self.assertEqual(pixels.tolist(), [[[0] * 3, [255] * 3]])

    def test_every_cut_is_noticed(self):
        """Of a JPEG the last marker alone may be missing; of others nothing may."""
        image = photo().resize((24, 20))
        for name, contents, spare in (
                ("baseline.jpg", encoded(image, "JPEG"), 2),
                ("progressive.jpg", encoded(image, "JPEG", progressive=True), 2),
                ("cut.png", encoded(image, "PNG"), 0),
                ("cut.bmp", encoded(image, "BMP"), 0)):
            cuts = {*range(1, 12), *range(12, len(contents), max(1, len(contents) // 20))}
            read = [cut for cut in sorted(cuts)
                    if self.decode(name, contents[:-cut])[0] is not None]
            self.assertEqual(read, [cut for cut in (1, 2) if cut <= spare], name)

    def test_memory_is_bounded(self):
        """Large pictures are read or refused within half a gigabyte."""
        large = png_of_rows(9000, 9000, 8, 2, b"\0" * 27001 * 9000)
        self.decode("large.png", large)
        self.decode("deep.png", png_of_rows(8000, 8000, 16, 6, b"\0" * 1000))
        self.decode("large.bmp", bmp(9000, 9900, 1, bytes(1128 * 9900), between=bytes(8)))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(peak, 512 * 1024)


unittest.main()
