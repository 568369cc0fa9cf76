"""The package's numbers are those of Paddle's and timm's own code."""

import json
import pickle
import sys

import numpy
import pytest

import pplcnet
from conftest import PROJECT

sys.path.append(str(PROJECT / "tests" / "weights" / "synthetic"))
from tensors import uniform

TOLERANCE = 1e-4  # of the largest logit
STAGE_TOLERANCE = 5e-3  # of a stage's standard deviation


def tensor_in(path, shape):
    return numpy.fromfile(path, numpy.float32).reshape(shape)


def assert_stages(golden, maps):
    stages = {stage["name"]: stage for stage in golden["stages"]}
    for name, found in zip(["blocks.0.0", "blocks.1.1", "blocks.2.1", "blocks.4.3", "blocks.5.1"],
                           maps, strict=True):
        stage = stages[name]
        assert list(found.shape) == stage["shape"]
        difference = numpy.abs(found.ravel()[stage["idx"]] - stage["values"])
        assert difference.max() <= STAGE_TOLERANCE * stage["std"], name


@pytest.fixture(scope="session")
def synthetic(shared):
    return shared / "models" / "synthetic"


@pytest.fixture(scope="session")
def tensor(synthetic):
    return tensor_in(synthetic / "x_seed1_224.f32", (1, 3, 224, 224))


@pytest.mark.parametrize("name", ["pplcnet_x0_25.pdiparams", "pplcnet_x0_25.p4.pdparams",
                                  "pplcnet_x0_25_op13.onnx", "timm_lcnet_050.pth",
                                  "timm_lcnet_050.safetensors"])
def test_logits(synthetic, tensor, name):
    stem = "timm_lcnet_050" if name.startswith("timm") else "pplcnet_x0_25"
    expected = tensor_in(synthetic / f"{stem}.y.f32", (1, 1000))
    classifier = pplcnet.Classifier(synthetic / name)
    found = classifier.features(tensor, "logits")
    assert numpy.abs(found - expected).max() <= TOLERANCE * numpy.abs(expected).max()
    probabilities = classifier.classify(tensor)
    assert probabilities.argmax() == expected.argmax()
    assert abs(probabilities.sum() - 1) < 1e-5


def test_timms_features(shared, synthetic, tensor):
    golden = json.loads((shared / "goldens" / "timm_lcnet_050.json").read_text())
    model = pplcnet.create_model("lcnet_050", checkpoint_path=synthetic / "timm_lcnet_050.pth",
                                 features_only=True)
    assert model.feature_info.channels() == [16, 32, 64, 128, 256]
    assert model.feature_info.reduction() == [2, 4, 8, 16, 32]
    maps = model(tensor)
    assert_stages(golden, maps)
    chosen = pplcnet.create_model("lcnet_050", False, synthetic / "timm_lcnet_050.safetensors",
                                  features_only=True, out_indices=(1, -1))
    assert chosen.feature_info.channels() == [32, 256]
    assert all(map(numpy.array_equal, chosen(tensor), [maps[1], maps[4]]))


def test_tensors_of_another_size(shared, synthetic):
    golden = json.loads((shared / "goldens" / "timm_lcnet_050_97x131_c10.json").read_text())
    model = pplcnet.create_model("lcnet_050", checkpoint_path=synthetic / "timm_lcnet_050.pth",
                                 features_only=True, img_size=(97, 131))
    plane, y, x = numpy.ogrid[:3, :97, :131]
    tensor = (uniform("input", 3 * 97 * 131, 1).reshape(3, 97, 131) +
              uniform("input.low", 3 * 64 * 64, 1)[(plane * 64 + y // 16) * 64 + x // 16])
    assert_stages(golden, model(tensor[None].astype(numpy.float32)))
    assert model.feature_info.reduction() == [2, 4, 8, 16, 32]
    with pytest.raises(ValueError, match="expected an input of 1 to 8192 pixels a side, found 0x5"):
        pplcnet.create_model("lcnet_050", checkpoint_path=synthetic / "timm_lcnet_050.pth",
                             img_size=(0, 5))


def test_timms_outputs(synthetic, tensor, street):
    path = synthetic / "timm_lcnet_050.pth"
    classifier = pplcnet.Classifier(path)
    model = pplcnet.create_model("lcnet_050", checkpoint_path=path)
    assert numpy.array_equal(model(tensor), classifier.features(tensor, "logits"))
    assert numpy.array_equal(model(street), classifier.features(street, "logits"))
    tagged = pplcnet.create_model("lcnet_050.ra2_in1k", True, path).eval()
    again = pickle.loads(pickle.dumps(tagged))
    assert numpy.array_equal(tagged(tensor), model(tensor))
    assert numpy.array_equal(again(tensor), model(tensor))
    assert model.num_classes == 1000
    assert model.pretrained_cfg == {
        "architecture": "lcnet_050", "input_size": (3, 224, 224), "interpolation": "bicubic",
        "crop_pct": 0.875, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
    pooled = pplcnet.create_model("lcnet_050", checkpoint_path=path, num_classes=0)
    assert pooled.num_classes == 0
    assert pooled(tensor).shape == (1, 1280)
    assert numpy.array_equal(pooled(tensor), classifier.embed(tensor))


def test_wrong_models(synthetic):
    path = synthetic / "timm_lcnet_050.pth"
    with pytest.raises(ValueError, match="expected a checkpoint_path"):
        pplcnet.create_model("lcnet_050", pretrained=True)
    with pytest.raises(ValueError, match="no model is called 'lcnet_051'"):
        pplcnet.create_model("lcnet_051", checkpoint_path=path)
    with pytest.raises(ValueError, match="timm_lcnet_050.pth"):
        pplcnet.create_model("lcnet_100", checkpoint_path=path)
    with pytest.raises(ValueError, match="num_classes=10"):
        pplcnet.create_model("lcnet_050", checkpoint_path=path, num_classes=10)
    for size in ("a", 2.5, (1, 2, 3), (), (1, None)):
        with pytest.raises((TypeError, ValueError), match="img_size: expected "):
            pplcnet.create_model("lcnet_050", checkpoint_path=path, img_size=size)
    for indices in (3, [1.5], "12"):
        with pytest.raises(TypeError, match="out_indices: expected "):
            pplcnet.create_model("lcnet_050", checkpoint_path=path, features_only=True,
                                 out_indices=indices)
    with pytest.raises(ValueError, match="expected out_indices"):
        pplcnet.create_model("lcnet_050", checkpoint_path=path, features_only=True, out_indices=[5])


def test_paddles_text_lines(shared):
    folder = shared / "models" / "textline_ori_x0_25"
    classifier = pplcnet.Classifier(folder)
    expected = json.loads((folder / "expected.json").read_text())
    assert classifier.labels == expected["labels"]
    for case in expected["cases"]:
        found = classifier.features(shared / "images" / case["image"], "logits")
        largest = numpy.abs(case["logits"]).max()
        assert numpy.abs(found - case["logits"]).max() <= TOLERANCE * largest


def test_objects(shared, program):
    weights = shared / "models" / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
    picture = shared / "images" / "det_bus.jpg"
    expected = json.loads(program("detect", "--weights", weights, "--json", picture))["objects"]
    detector = pplcnet.Detector(weights)
    [found, again] = detector.detect([picture, pplcnet.read_picture(picture)])
    assert found == again == detector.detect(picture)
    assert pickle.loads(pickle.dumps(detector)).detect(picture) == found
    assert [(one.class_id, one.label) for one in found] == [(one["class_id"], one["label"])
                                                            for one in expected]
    assert numpy.array_equal(numpy.float32([one.box for one in found]),
                             numpy.float32([one["box"] for one in expected]))


def test_text(shared, program):
    folder = shared / "models" / "ppocr_v4"
    files = [folder / name for name in
             ("ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt")]
    picture = shared / "images" / "textline_demo.png"
    options = ["--detection", files[0], "--recognition", files[1], "--dictionary", files[2]]
    expected = json.loads(program("ocr", *options, "--json", picture))["lines"]
    reader = pplcnet.TextReader(*files)
    found = reader.read(picture)
    assert expected
    assert pickle.loads(pickle.dumps(reader)).read(picture) == found
    assert [(line.text, line.score, [list(corner) for corner in line.box]) for line in found] == [
        (line["text"], pytest.approx(line["score"], abs=1e-6), line["box"]) for line in expected]
