"""A network is what its file, or what lies beside it, says: a number of classes is no evidence. What
is left open is asked; what contradicts is refused. ONNX Runtime says what is right where it is
installed, elsewhere numpy."""

import functools
import itertools
import json
import pathlib
import struct
import tarfile
import tempfile
import unittest

import onnx_runtime
from lcnet import (DEVIATION, LINES, MEAN, numpy, run, state_dict, write_onnx, write_pdiparams,
                   write_pdparams, write_safetensors)
from picture_files import png
from program import Result

COLOUR = (200, 90, 30)
TASKS = {  # of scale 1, by classes
    2: ["PP-LCNet_x1_0_textline_ori", "PP-LCNet_x1_0_table_cls", "person_exists", "car_exists",
        "safety_helmet", "code_exists"],
    6: ["table_attribute"], 10: ["language_classification"], 19: ["vehicle_attribute"],
    26: ["person_attribute"], 102: []}
OPEN = {  # what a graph of scale 1 for 224x224 may be besides, by classes and ending
    (2, ()): TASKS[2][1:], (2, ("Softmax",)): TASKS[2][1:],
    (6, ()): TASKS[6], (6, ("Sigmoid",)): TASKS[6]}
WRITERS = {"safetensors": write_safetensors, "pdparams": write_pdparams,
           "pdiparams": write_pdiparams}


def picture(height, width):
    """What the network sees of it."""
    colour = (numpy.array(COLOUR).reshape(3, 1, 1) / 255 - MEAN) / DEVIATION
    return numpy.broadcast_to(colour, (3, height, width))


@functools.lru_cache(maxsize=1)
def network_and_logits(classes, scale, side):
    """A network, and what it gives for the picture."""
    state = state_dict(classes, scale, seed=classes)
    return state, run(state, picture(side, side), scale=scale)["logits"]


def softmax(x):
    powers = numpy.exp(x - x.max())
    return powers / powers.sum()


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def yml(**words):
    """An inference.yml as PaddleX writes it."""
    text = f"Global:\n  model_name: {words['name']}\n" if "name" in words else ""
    size = words.get("size", (224, 224))
    resize = (f"resize_short: {words['short']}\n  - CropImage:\n      size: {size[0]}"
              if "short" in words else f"size:\n      - {size[1]}\n      - {size[0]}")
    text += f"""PreProcess:
  transform_ops:
  - ResizeImage:
      {resize}
  - NormalizeImage:
      channel_num: 3
      mean: [0.485, 0.456, 0.406]
      order: ''
      scale: 0.00392156862745098
      std:
      - 0.229
      - 0.224
      - 0.225
  - ToCHWImage: null
"""
    if "labels" in words:
        text += f"PostProcess:\n  {words.get('post', 'Topk')}:\n    topk: 2\n    label_list:\n"
        text += "".join(f"    - {label}\n" for label in words["labels"])
    return text


class Identify(unittest.TestCase):
    compared = []  # differences of scores

    @classmethod
    def tearDownClass(cls):
        if not cls.compared:
            return
        print(f"{len(cls.compared)} scores are right within {numpy.abs(cls.compared).max():.1e} of",
              "ONNX Runtime" if onnx_runtime.IS_THERE else "numpy")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.picture = self.folder / "picture.png"
        self.picture.write_bytes(png(50, 40, COLOUR))  # of one colour: however it is resized, the same

    def predictions(self, *arguments, command="classify"):
        result = Result(command, "--json", "--top-k", 1000, "--weights", *arguments, self.picture)
        self.assertEqual((result.status, result.complaints, len(result.lines)), (0, [], 1))
        return json.loads(result.lines[0])["predictions"]

    def expect_scores(self, expected, *arguments, labels=None):
        found = self.predictions(*arguments)
        self.assertEqual(len(found), len(expected))
        self.compared.extend(one["score"] - expected[one["class_id"]] for one in found)
        for one in found:
            self.assertAlmostEqual(one["score"], expected[one["class_id"]], delta=2e-5)
            self.assertEqual(one.get("label"), labels[one["class_id"]] if labels else None)

    def expect_question(self, path, names, *arguments):
        for command in (["classify", "--weights", path, self.picture], ["convert", "--list", path]):
            result = Result(*command, *arguments)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
            sentence = result.complaints[0]
            self.assertIn("say which is meant by `model`: ", sentence)
            asked = [name.split(" (")[0] for name in sentence.split(" by `model`: ")[1].split(", ")]
            self.assertEqual(asked, names)

    def expect_refusal(self, message, *arguments):
        result = Result("classify", "--weights", *arguments, self.picture)
        self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
        self.assertIn(message, result.complaints[0])

    def write_judged(self, path, classes, side, scale, ending=()):
        """Writes a network as ONNX; returns it and the scores that are right."""
        state, logits = network_and_logits(classes, scale, side)
        scores = (sigmoid if ending == ("Sigmoid",) else softmax)(logits)
        write_onnx(path, state, side, side, scale, ending=ending)
        if not onnx_runtime.IS_THERE:
            return state, scores
        judged = onnx_runtime.run(path, picture(side, side))
        judged = judged if ending else softmax(judged)
        self.assertLess(numpy.abs(scores - judged).max(), 1e-5)
        return state, judged

    def test_a_number_of_classes_is_no_evidence(self):
        for scale in (0.25, 1):
            general = "PPLCNet_x0_25" if scale == 0.25 else "PPLCNet_x1_0"
            for classes, tasks in TASKS.items():
                if scale == 0.25:
                    tasks = ["PP-LCNet_x0_25_textline_ori"] if classes == 2 else []
                state, expected = self.write_judged(self.folder / "x.onnx", classes, 224, scale)
                for extension, write in WRITERS.items():
                    with self.subTest(scale=scale, classes=classes, extension=extension):
                        path = self.folder / f"own.{extension}"
                        write(path, state)
                        if tasks:
                            self.expect_question(path, [general, *tasks])
                        else:
                            self.expect_scores(expected, path)
                        self.expect_scores(expected, path, "--model", general)

    def test_a_graph_is_believed(self):
        path = self.folder / "own.onnx"
        for scale, classes, side, ending in itertools.product(
                (0.25, 1), TASKS, (224, 192, 32), ((), ("Softmax",), ("Sigmoid",))):
            with self.subTest(scale=scale, classes=classes, side=side, ending=ending):
                general = "PPLCNet_x0_25" if scale == 0.25 else "PPLCNet_x1_0"
                _, expected = self.write_judged(path, classes, side, scale, ending)
                tasks = OPEN.get((classes, ending), []) if (scale, side) == (1, 224) else []
                if tasks:
                    self.expect_question(path, [general, *tasks])
                else:
                    self.expect_scores(expected, path)
                self.expect_scores(expected, path, "--model", general)

    def test_what_a_graph_leaves_open_is_asked(self):
        path = self.folder / "own.onnx"
        write_onnx(path, state_dict(2, 1), scale=1)
        self.expect_question(path, ["PPLCNet_x1_0", "PP-LCNet_x1_0_table_cls", "person_exists",
                                    "car_exists", "safety_helmet", "code_exists"])
        write_onnx(path, state_dict(6, 1), scale=1, ending=["Sigmoid"])
        self.expect_question(path, ["PPLCNet_x1_0", "table_attribute"])
        # A table's attributes are no classes of which one is right.
        state = state_dict(6, 1)
        write_onnx(path, state, scale=1)
        self.expect_scores(softmax(run(state, picture(224, 224), scale=1)["logits"]), path)

    def test_input_and_strides_of_a_graph_are_evidence(self):
        state = state_dict(2)
        path = self.folder / "line.onnx"
        write_onnx(path, state, 80, 160, strides=LINES)
        expected = softmax(run(state, picture(80, 160), strides=LINES)["logits"])
        self.expect_scores(expected, path, labels=["0_degree", "180_degree"])
        state = state_dict(2, 1)
        write_onnx(path, state, 80, 160, 1, strides=LINES)  # two models with one prediction
        expected = softmax(run(state, picture(80, 160), scale=1, strides=LINES)["logits"])
        self.expect_scores(expected, path, labels=["0_degree", "180_degree"])
        state = state_dict(3)
        write_onnx(path, state, 80, 160, strides=LINES)
        self.expect_scores(softmax(run(state, picture(80, 160), strides=LINES)["logits"]), path)

    def test_a_factor_is_what_the_graph_says(self):
        path = self.folder / "own.onnx"
        state = state_dict(3)
        for factor in (0.8, 1, 0.9):
            write_onnx(path, state, 32, 32, factor=factor)
            logits = run(state, picture(32, 32), dropout=factor)["logits"]
            self.expect_scores(softmax(logits), path)
        half = {name: array.astype("f2") for name, array in state.items()}
        write_onnx(path, half, 32, 32)  # 0.7998
        single = {name: array.astype("f4") for name, array in half.items()}
        self.expect_scores(softmax(run(single, picture(32, 32))["logits"]), path)

    def test_own_onnx_without_metadata_keeps_its_prediction(self):
        source, onnx, bare = (self.folder / name for name in ("own.safetensors", "own.onnx", "x.onnx"))
        native, again = self.folder / "native.safetensors", self.folder / "again.safetensors"
        for scale in (0.25, 0.5):  # of which timm has one, too
            state = state_dict(3, scale)
            write_safetensors(source, state)
            for path in (native, onnx):
                self.assertEqual(Result("convert", source, path).status, 0)
            content = onnx.read_bytes()
            for key in (b"pplcnet.folded", b"dropout_percent", b"dialect"):
                content = content.replace(key, b"x" * len(key))
            bare.write_bytes(content)
            x = picture(224, 224)
            expected = softmax(run(state, x, scale=scale)["logits"])
            if onnx_runtime.IS_THERE:
                judged = softmax(onnx_runtime.run(onnx, x))
                self.assertLess(numpy.abs(expected - judged).max(), 1e-5)
            for path in (onnx, bare):
                self.expect_scores(expected, path)
                self.assertEqual(Result("convert", path, again).status, 0)
                self.assertEqual(again.read_bytes(), native.read_bytes())
                facts = Result("convert", "--list", path).lines
                self.assertIn("dialect: paddle", facts)

    def test_what_contradicts_a_graph_is_refused(self):
        path = self.folder / "own.onnx"
        state = state_dict(2)
        write_onnx(path, state, 192, 192)
        self.expect_refusal("its picture is 192x192, the type's 80x160", path, "--model",
                            "PP-LCNet_x0_25_textline_ori")
        write_onnx(path, state, 80, 160, strides=LINES, ending=["Sigmoid"])
        self.expect_refusal("makes probabilities by sigmoid, PP-LCNet_x0_25_textline_ori by softmax",
                            path, "--model", "PP-LCNet_x0_25_textline_ori")
        write_onnx(path, state, ending=["Tanh"])
        self.expect_refusal("computes 'Tanh' of the classes; expected softmax, sigmoid or nothing",
                            path, "--model", "PPLCNet_x0_25")

    def test_a_classifier_is_no_backbone(self):
        for scale, name in [(0.75, "PPLCNet_x0_75"), (0.35, "PPLCNet_x0_35"),
                            (1.5, "PPLCNet_x1_5")]:
            state = state_dict(1000, scale)
            for extension, write in [*WRITERS.items(), ("onnx", None)]:
                path = self.folder / f"net.{extension}"
                if write:
                    write(path, state)
                else:
                    write_onnx(path, state, scale=scale)
                self.assertIn(f"model: {name}", Result("convert", "--list", path).lines)

    def test_orient_knows_what_it_looks_for(self):
        path = self.folder / "turns.pdiparams"
        for classes, scale in [(2, 0.25), (2, 1), (4, 1)]:
            write_pdiparams(path, state_dict(classes, scale))
            result = Result("orient", "--weights", path, self.picture)
            self.assertEqual((result.status, result.complaints), (0, []))
        write_pdiparams(path, state_dict(3))
        self.assertEqual(Result("orient", "--weights", path, self.picture).status, 1)

    def test_an_inference_yml_beside_the_file_is_evidence(self):
        state = state_dict(2, 1)
        path, beside = self.folder / "inference.pdiparams", self.folder / "inference.yml"
        write_pdiparams(path, state)
        # A name and labels.
        beside.write_text(yml(name="PP-LCNet_x1_0_table_cls", short=256, size=(224, 224),
                              labels=["wired_table", "wireless_table"]))
        expected = softmax(run(state, picture(224, 224), scale=1)["logits"])
        self.expect_scores(expected, path, labels=["wired_table", "wireless_table"])
        # One's own labels: of the tasks none has them.
        beside.write_text(yml(short=256, size=(224, 224), labels=["'it''s: b'", r'"caf\xe9 \"c\" \u6C49"']))
        self.expect_scores(expected, path, labels=["it's: b", 'café "c" 汉'])
        # Of a published name with labels and a size of one's own.
        beside.write_text(yml(name="PP-LCNet_x1_0", short=219, size=(192, 192), labels=["a", "b"]))
        expected = softmax(run(state, picture(192, 192), scale=1)["logits"])
        self.expect_scores(expected, path, labels=["a", "b"])
        # Each class for itself.
        beside.write_text(yml(name="PP-LCNet_x1_0_ML", short=256, size=(224, 224),
                              labels=["a", "b"], post="MultiLabelThreshOutput"))
        expected = sigmoid(run(state, picture(224, 224), scale=1)["logits"])
        self.expect_scores(expected, path, labels=["a", "b"])

    def test_an_inference_yml_that_contradicts_is_refused(self):
        path, beside = self.folder / "inference.onnx", self.folder / "inference.yml"
        write_onnx(path, state_dict(3), 192, 192)
        beside.write_text(yml(size=(224, 224)))
        self.expect_refusal("prepares pictures of 224x224, the picture of", path)
        beside.write_text(yml(size=(192, 192), labels=["a", "b"]))
        self.expect_refusal("inference.yml: 2 labels for 3 classes", path)
        beside.write_text(yml(size=(192, 192)).replace("ToCHWImage: null", "Sharpen: null"))
        self.expect_refusal("inference.yml: prepares pictures by 'Sharpen', which is not known", path)
        for label, says in (("a: b", "label 1: expected a text"), ('"a', "expected a text in quotes"),
                            (r'"\q"', "expected a text in quotes"), ("", "expected a text")):
            beside.write_text(yml(size=(192, 192), labels=["a", label, "c"]))
            self.expect_refusal(f"{says}", path)
        beside.write_text("Global:\n  a: b\n c: d\n")
        self.expect_refusal("inference.yml: line 3: expected", path)
        self.expect_refusal("holds 'PP-LCNet_x1_0_table_cls', not 'PPLCNet_x0_25'",
                            self.named("PP-LCNet_x1_0_table_cls"), "--model", "PPLCNet_x0_25")

    def named(self, name):
        path = self.folder / "named.pdiparams"
        write_pdiparams(path, state_dict(2))
        path.with_suffix(".yml").write_text(yml(name=name, short=256, size=(224, 224)))
        return path

    def test_a_folder_and_an_archive_are_opened(self):
        state = state_dict(2, head=0)
        folder = self.folder / "net_infer"
        folder.mkdir()
        write_pdiparams(folder / "inference.pdiparams", state)
        (folder / "inference.yml").write_text(
            yml(name="PP-LCNet_x0_25_textline_ori", size=(80, 160),
                labels=["0_degree", "180_degree"]))
        archive = self.folder / "net_infer.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(folder, arcname="net_infer")
        first = (2, 1), (2, 1), (2, 1), (2, 1)
        expected = softmax(run(state, picture(80, 160), strides=((1, 2), *first))["logits"])
        for path in (folder, archive):
            self.expect_scores(expected, path, labels=["0_degree", "180_degree"])
            facts = Result("convert", "--list", path).lines
            self.assertIn("model: PP-LCNet_x0_25_textline_ori_first", facts)

    def test_metadata_that_cannot_be_are_refused(self):
        source, own = self.folder / "source.safetensors", self.folder / "own.safetensors"
        write_safetensors(source, state_dict(3))
        self.assertEqual(Result("convert", source, own).status, 0)
        content = own.read_bytes()
        (size,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + size])
        for key, value in [("classes", "2147483647"), ("classes", "-1"), ("classes", "17"),
                           ("input", "0x0"), ("input", "1000000x1000000"), ("input", "224"),
                           ("head", "2000000000"), ("dropout_percent", "100")]:
            words = {**header["__metadata__"], key: value}
            text = json.dumps({**header, "__metadata__": words}).encode()
            own.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])
            self.expect_refusal(f"its network has {key} '{value}', which no network of this file's "
                                "size has", own)
        # For which there is room in memory.
        text = json.dumps({**header, "__metadata__": {**header["__metadata__"], "classes": "4"}})
        own.write_bytes(struct.pack("<Q", len(text)) + text.encode() + content[8 + size :])
        self.expect_refusal("its network has layers 'fc:1280-3', the type's (x0_25) has "
                            "'fc:1280-4'", own)

    def test_a_value_that_is_wrong_is_named_alone(self):
        state = state_dict(2)
        state["last_conv.weight"][3, 1] = numpy.nan
        for extension, write in [*WRITERS.items(), ("onnx", write_onnx)]:
            path = self.folder / f"own.{extension}"
            write(path, state)
            for command in (["classify", "--weights", path, self.picture],
                            ["convert", "--list", path]):
                result = Result(*command)
                self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
                self.assertRegex(result.complaints[0],
                                 f"^pplcnet {command[0]}: {path}: tensor '[a-z0-9_.]+': expected "
                                 "finite float32 numbers, found nan ")

    def test_features_finds_backbones(self):
        source = self.folder / "source.safetensors"
        write_safetensors(source, {name: array for name, array in state_dict(2, 0.75).items()
                                   if not name.startswith(("fc.", "last_conv."))})
        maps = self.folder / "maps"
        result = Result("features", "--weights", source, "--model", "picodet_s", "--layer", "stage6",
                        "-o", maps, self.picture)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(numpy.load(maps / "picture.npy").shape, (384, 13, 13))

    def test_missing_weights_say_where_there_are_some(self):
        result = Result("classify", self.picture)
        self.assertEqual((result.status, len(result.complaints)), (2, 1))
        self.assertIn("--weights is required; PaddleOCR, PaddleClas and timm publish",
                      result.complaints[0])

    def test_files_without_a_head_are_opened(self):
        path = self.folder / "net.pdiparams"
        for classes, scale, tasks in [(2, 1, ["clarity_assessment"]), (4, 1, ["image_orientation"]),
                                      (2, 0.25, ["PP-LCNet_x0_25_textline_ori_first"]),
                                      (5, 0.25, [])]:
            state = state_dict(classes, scale, head=0)
            write_pdiparams(path, state)
            general = "PPLCNet_x0_25" if scale == 0.25 else "PPLCNet_x1_0"
            expected = softmax(run(state, picture(224, 224), scale=scale)["logits"])
            self.expect_scores(expected, path, "--model", general)
            if not tasks:
                self.expect_scores(expected, path)
                continue
            self.expect_question(path, [general, *tasks])
            self.assertEqual(len(self.predictions(path, "--model", tasks[0])), classes)


if __name__ == "__main__":
    unittest.main()
