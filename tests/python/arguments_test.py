"""What is wrong with an argument is one sentence, in an exception of Python's own kind."""

import errno
import inspect

import pytest

import pplcnet
from conftest import ORIENTATION

LINES = ORIENTATION / "text_line_orientation.safetensors"
WRONG = [
    ({"threads": "2"}, TypeError, "threads: expected int, found str"),
    ({"threads": 2.0}, TypeError, "threads: expected int, found float"),
    ({"threads": -1}, ValueError, "expected from 1 to 1024 threads, found -1"),
    ({"threads": 2**40}, ValueError, "threads: expected int from"),
    ({"threads": 1025}, ValueError, "expected from 1 to 1024 threads, found 1025"),
    ({"model": None}, TypeError, "model: expected str, found NoneType"),
    ({"model": "lcnet"}, ValueError, "no model is called 'lcnet'"),
    ({"companion": None}, TypeError, "not NoneType"),
    ({"companion": "nowhere"}, FileNotFoundError, "nowhere"),
    ({"part": b"x"}, TypeError, "part: expected str, found bytes"),
    ({"topk": 2.5}, TypeError, "topk: expected int, found float"),
    ({"batch_size": 0}, ValueError, "batch_size: expected int from 1"),
    ({"purpose": "fun"}, ValueError, "expected the purpose classes or orientation, found 'fun'"),
    ({"purpose": 1}, TypeError, "purpose: expected str, found int"),
    ({"labels": 5}, TypeError, "labels: expected a list, found int"),
    ({"labels": b"ab"}, TypeError, "labels: expected str, found int"),
    ({"labels": "nowhere"}, FileNotFoundError, "nowhere"),
    ({"file": None}, TypeError, "not NoneType"),
    ({"file": ""}, FileNotFoundError, "''"),
    ({"file": f"{LINES}/inside"}, NotADirectoryError, "inside"),
    ({"file": f"{LINES}\0"}, ValueError, "embedded null byte"),
    ({"size": 3}, TypeError, "size"),
]


def raises_a_sentence(kind, words, function, *positional, **named):
    with pytest.raises(kind) as caught:
        function(*positional, **named)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert type(caught.value) is kind
    return caught.value


@pytest.mark.parametrize("named, kind, words", WRONG, ids=lambda wrong: str(wrong)[:30])
def test_of_classifiers(named, kind, words):
    raises_a_sentence(kind, words, pplcnet.Classifier, **{"file": LINES, **named})


def test_of_calls(lines, street):
    for wrong in (None, 3, b"rgb"):
        raises_a_sentence(TypeError, "expected a format of str", lines.classify, street, wrong)
    for wrong in (None, 3, ["logits", 3]):
        raises_a_sentence(TypeError, "layer: expected str", lines.features, street, wrong)
    raises_a_sentence(TypeError, "topk: expected int, found str", lines.predict, street, topk="1")
    raises_a_sentence(TypeError, "threads: expected int", pplcnet.orient, street, threads="2")
    raises_a_sentence(FileNotFoundError, "''", lines.classify, "")
    raises_a_sentence(ValueError, "embedded null byte", lines.classify, "a\0b")


def test_of_finders(tmp_path):
    for named, kind, words in [
        ({"threshold": 2}, ValueError, "threshold: expected float from 0 to 1, found 2"),
        ({"threshold": float("nan")}, ValueError, "found nan"),
        ({"overlap": "x"}, TypeError, "overlap: expected float, found str"),
        ({"most": 0}, ValueError, "most: expected int from 1"),
    ]:
        raises_a_sentence(kind, words, pplcnet.Detector, LINES, **named)
    raises_a_sentence(ValueError, "longest_side: expected int from 1", pplcnet.TextReader, LINES,
                      LINES, LINES, longest_side=0)


def test_any_file_that_is_missing_is_named(shared):
    folder = shared / "models" / "ppocr_v4"
    files = [folder / name for name in
             ("ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt")]
    for missing in range(3):
        given = ["nowhere" if i == missing else file for i, file in enumerate(files)]
        raises_a_sentence(FileNotFoundError, "nowhere", pplcnet.TextReader, *given)
    problem = raises_a_sentence(FileNotFoundError, "nowhere", pplcnet.TextReader, *files,
                                orientation="nowhere")
    assert (problem.errno, problem.filename) == (errno.ENOENT, "nowhere")


def test_all_is_documented():
    for name in pplcnet.__all__:
        thing = getattr(pplcnet, name)
        if not inspect.isclass(thing) and not inspect.isfunction(thing):
            continue
        assert inspect.getdoc(thing), name
        for member, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{member}"


def test_what_is_printed_of_objects(lines):
    assert repr(lines) == "<pplcnet.Classifier PP-LCNet_x0_25_textline_ori: 2 classes, 80x160>"
    assert "0x" not in repr(pplcnet.FeatureInfo(["a"], [16], [2]))
