"""Networks of light_cnns from a state dict with their names: every command takes it, and the
predictions are those of numpy."""

import json
import pathlib
import shutil
import tempfile
import unittest

import light_cnns
from lcnet import numpy, write_safetensors
from picture_files import png
from program import SYNTHETIC, Result, skip_without

PHOTO = SYNTHETIC / "photo.png"
skip_without(PHOTO)

NETWORKS = {  # by name: the function, and a gain with which logits differ by some units
    "mbv2_ca": (light_cnns.mbv2_ca, 1.8, 1280),
    "shufflenetv1": (light_cnns.shufflenetv1, 0.8, 1920),
}


class LightCnns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.networks = {}
        for name, (function, gain, _) in NETWORKS.items():
            modules = light_cnns.Modules(1, gain)
            function(modules, numpy.zeros((3, 224, 224)))
            path = cls.folder / f"{name}.safetensors"
            write_safetensors(path, modules.state)
            own = cls.folder / name
            written = Result("parity", PHOTO, "--weights", path, "--write", own)
            assert written.status == 0, written.complaints
            input = numpy.load(own / "input.npy").astype("f8")
            cls.networks[name] = path, own, function(modules, input.reshape(3, 224, 224))

    def run_command(self, *arguments):
        result = Result(*arguments)
        self.assertEqual((result.status, result.complaints), (0, []))
        return result

    def test_parity_with_numpy(self):
        for name, (path, own, logits) in self.networks.items():
            with self.subTest(name):
                reference = self.folder / "reference.npz"
                numpy.savez(reference, input=numpy.load(own / "input.npy"),
                            logits=logits.astype("f4")[None])
                result = self.run_command("parity", PHOTO, "--weights", path,
                                          "--reference", reference)
                self.assertEqual(result.lines[-1], "The same, as far as the reference tells.")
                numpy.savez(reference, input=numpy.load(own / "input.npy"),
                            logits=(logits + 0.01 * logits[::-1]).astype("f4")[None])
                result = Result("parity", PHOTO, "--weights", path, "--reference", reference)
                self.assertEqual(result.status, 1, name)
                self.assertIn("First difference: logits ", result.lines[-1])

    def test_classify(self):
        for name, (path, _, logits) in self.networks.items():
            with self.subTest(name):
                result = self.run_command("classify", "--json", "--weights", path, PHOTO)
                scores = numpy.exp(logits - logits.max())
                scores /= scores.sum()
                best = numpy.argsort(-scores)[:5]
                predictions = json.loads(result.lines[0])["predictions"]
                self.assertEqual([one["class_id"] for one in predictions], best.tolist())
                for one in predictions:
                    self.assertAlmostEqual(one["score"], scores[one["class_id"]], delta=1e-5)

    def test_features(self):
        for name, (path, _, _) in self.networks.items():
            with self.subTest(name):
                features = self.folder / "features.npy"
                self.run_command("features", "--weights", path, "-o", features, PHOTO)
                self.assertEqual(numpy.load(features).shape, (1, NETWORKS[name][2]))

    def test_fit(self):
        for kind in range(2):
            (self.folder / "photos" / str(kind)).mkdir(parents=True, exist_ok=True)
            for i in range(4):
                colour = (40 * i, 20 + 180 * kind, 200 - 150 * kind)
                (self.folder / "photos" / str(kind) / f"{i}.png").write_bytes(png(40, 30, colour))
        for name, (path, _, _) in self.networks.items():
            with self.subTest(name):
                fitted = self.folder / f"fitted_{name}.safetensors"
                photos = self.folder / "photos"
                self.run_command("fit", "--weights", path, "--images", photos, "-o", fitted)
                report = self.run_command("evaluate", "--json", "--weights", fitted, photos)
                self.assertEqual(json.loads("\n".join(report.lines))["top1"], 1)

    def test_bench(self):
        for name in NETWORKS:
            report = json.loads("\n".join(
                self.run_command("bench", name, "--seconds", 0.05, "--json").lines))
            self.assertEqual([one["model"] for one in report["models"]], [name])
            self.assertGreater(report["models"][0]["min_ms"], 0)


if __name__ == "__main__":
    unittest.main()
