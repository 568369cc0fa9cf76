"""The package's answers are the program's, to the bit."""

import itertools
import json
import pickle
import sys

import numpy
import pytest
from PIL import Image

import pplcnet
from conftest import ORIENTATION, PROJECT

LINES = ORIENTATION / "text_line_orientation.safetensors"
PAGES = ORIENTATION / "page_orientation.safetensors"


@pytest.fixture(scope="session")
def crops(street):
    """200 parts of one array, of any size and with any strides."""
    random = numpy.random.default_rng(7)
    height, width, _ = street.shape
    found = []
    for _ in range(200):
        top, left = random.integers(0, height - 20), random.integers(0, width - 20)
        rows, columns = random.integers(8, height - top), random.integers(8, width - left)
        steps = random.choice([-2, -1, 1, 2], 2)
        found.append(street[top:top + rows, left:left + columns][::steps[0], ::steps[1]])
    return found


@pytest.fixture(scope="session")
def folder(crops, tmp_path_factory):
    """The same as files."""
    folder = tmp_path_factory.mktemp("crops")
    for i, crop in enumerate(crops):
        picture = Image.fromarray(numpy.ascontiguousarray(crop))
        picture.save(folder / f"{i:03}.png", compress_level=1)
    return folder


def test_200_crops_of_an_array(lines, crops, folder, program, tmp_path):
    program("features", "--weights", LINES, "--layer", "logits", "-o", tmp_path / "logits.npy",
            folder)
    expected = numpy.load(tmp_path / "logits.npy")
    assert expected.shape == (200, 2)
    assert numpy.array_equal(lines.features(crops, "logits"), expected)
    two_threads = pplcnet.Classifier(LINES, threads=2)
    assert numpy.array_equal(two_threads.features(crops, "logits"), expected)
    assert numpy.array_equal(lines.features(sorted(folder.iterdir()), "logits"), expected)


def test_embeddings_and_maps(lines, crops, folder, program, tmp_path):
    program("features", "--weights", LINES, "-o", tmp_path / "embeddings.npy", folder)
    assert numpy.array_equal(lines.embed(crops), numpy.load(tmp_path / "embeddings.npy"))
    program("features", "--weights", LINES, "--layer", "stage4", "-o", tmp_path / "maps",
            folder / "003.png")
    expected = numpy.load(tmp_path / "maps" / "003.npy")
    found = lines.features(crops[3], ["stage4", "pooled", "embedding", "stage4"])
    assert expected.ndim == 3 and numpy.array_equal(found[0], expected)
    assert numpy.array_equal(found[3], expected)
    assert numpy.array_equal(found[2], lines.embed(crops[3]))


def test_predictions_of_a_folder(lines, folder, program):
    expected = [json.loads(line) for line in
                program("classify", "--weights", LINES, "--json", folder).splitlines()]
    found = [one for batch in lines.predict(folder, batch_size=7) for one in batch]
    assert [one["filename"] for one in found] == [one["file"] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one["class_ids"] == [each["class_id"] for each in other["predictions"]]
        assert one["label_names"] == [each["label"] for each in other["predictions"]]
        scores = [each["score"] for each in other["predictions"]]
        assert numpy.array_equal(numpy.float32(one["scores"]), numpy.float32(scores))


def test_orientation(crops, folder, program):
    def printed(*arguments):
        lines = program("orient", "--json", "--sure", 0, *arguments).splitlines()
        return [(line["angle"], line["confidence"]) for line in map(json.loads, lines)]

    files = sorted(folder.iterdir())[:20]
    assert pplcnet.orient(crops[:20], lines=True) == printed("--lines", *files)
    page = PROJECT / "examples" / "page.jpg"
    [expected] = printed(page)
    found = pplcnet.orient(page)
    assert found == expected and found.angle == 90 and found.confidence > 0.9
    assert pplcnet.Classifier(PAGES, purpose="orientation").orient(page) == expected
    assert pplcnet.orient(pplcnet.read_picture(page)) == expected


def test_batches(lines, street):
    batches = list(lines.predict([street] * 5, batch_size=2, topk=1))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    many = numpy.stack([street] * 3)
    assert list(lines.predict(many, batch_size=3, topk=1)) == [batches[0][:1] * 3]
    [[one]] = lines.predict(street)
    assert set(one) == {"class_ids", "scores", "label_names"}
    assert one["label_names"] == [lines.labels[i] for i in one["class_ids"]]
    assert one["scores"] == sorted(one["scores"], reverse=True)


def test_what_an_iterator_gives(lines, street):
    expected = list(lines.predict([street] * 3, batch_size=2))
    assert list(lines.predict((street.copy() for _ in range(3)), batch_size=2)) == expected
    endless = lines.predict(itertools.repeat(street), batch_size=2)
    assert [next(endless), next(endless)] == [expected[0]] * 2


def test_a_folder_without_pictures(lines, tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path}: no pictures in this folder"):
        list(lines.predict(tmp_path))
    with pytest.warns(UserWarning, match="no pictures in this folder"):
        assert list(lines.predict([tmp_path], on_error="warn")) == []


def test_what_cannot_be_read(lines, street, tmp_path):
    Image.fromarray(street).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_bytes(b"passed over")
    Image.fromarray(street).save(tmp_path / "c.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="b.png: not a picture that can be decoded"):
        list(lines.predict(tmp_path))
    with pytest.warns(UserWarning, match="b.png: not a picture"):
        found = [one for batch in lines.predict(tmp_path, batch_size=8, on_error="warn")
                 for one in batch]
    assert [one["filename"] for one in found] == [str(tmp_path / "a.png"), str(tmp_path / "c.png")]


def test_labels(tmp_path, street):
    assert pplcnet.Classifier(LINES, labels=["up", "down"]).labels == ["up", "down"]
    (tmp_path / "labels.txt").write_text("0 oben\n1 unten\n")
    assert pplcnet.Classifier(LINES, labels=tmp_path / "labels.txt").labels == ["oben", "unten"]
    with pytest.raises(ValueError, match="2 classes, found 3"):
        pplcnet.Classifier(LINES, labels=["a", "b", "c"])
    with pytest.raises(ValueError, match="labels.txt"):
        (tmp_path / "labels.txt").write_text("0 oben\n")
        pplcnet.Classifier(LINES, labels=tmp_path / "labels.txt")


def test_classes_of_pixels(program, street, tmp_path):
    sys.path.append(str(PROJECT / "tests" / "programs"))
    from deeplab_weights import write_weights
    write_weights(tmp_path / "weights.safetensors", 3)
    picture = PROJECT / "examples" / "street.png"
    program("segment", "--weights", tmp_path / "weights.safetensors", "--masks", tmp_path, picture)
    segmenter = pplcnet.Segmenter(tmp_path / "weights.safetensors")
    [mask, mirrored] = segmenter.segment([picture, street[:, ::-1]])
    with Image.open(tmp_path / "street.png") as expected:
        assert numpy.array_equal(mask, numpy.array(expected))
    assert mirrored.shape == street.shape[:2] and mirrored.dtype == numpy.uint8
    with pytest.raises(ValueError, match="gives pixels no classes"):
        pplcnet.Segmenter(LINES)
    assert repr(segmenter) == "<pplcnet.Segmenter deeplabv3p_lcnet_x0_5: 3 classes>"
    assert numpy.array_equal(pickle.loads(pickle.dumps(segmenter)).segment(picture), mask)
