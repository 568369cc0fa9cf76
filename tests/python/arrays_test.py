"""Which arrays are pictures, and what is said of others."""

import ctypes
import mmap

import numpy
import pytest
from PIL import Image

import pplcnet


def rgba(picture):
    return numpy.dstack([picture, picture[..., 0]])


def unaligned(picture):
    return numpy.frombuffer(b"?" + picture.tobytes(), numpy.uint8)[1:].reshape(picture.shape)


def read_only(picture):
    view = picture.view()
    view.flags.writeable = False
    return view


VIEWS = {
    "part": lambda a: a[7:60, 11:90],
    "upside down": lambda a: a[::-1],
    "mirrored": lambda a: a[:, ::-1],
    "other channels first": lambda a: a[..., ::-1],
    "every other row and third column": lambda a: a[1::2, ::3],
    "transposed": lambda a: a.transpose(1, 0, 2),
    "all turned around": lambda a: a[::-1, ::-1, ::-1],
    "planes": lambda a: numpy.ascontiguousarray(a.transpose(2, 0, 1)).transpose(1, 2, 0),
    "Fortran's order": numpy.asfortranarray,
    "without alpha": lambda a: rgba(a)[..., :3],
    "without alpha, other channels first": lambda a: rgba(a)[..., 2::-1],
    "one row many times": lambda a: numpy.broadcast_to(a[5:6], a.shape),
    "one channel many times": lambda a: numpy.broadcast_to(a[..., :1], a.shape),
    "read only": read_only,
    "at an odd address": unaligned,
    "one row": lambda a: a[:1],
    "one pixel": lambda a: a[:1, :1],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_strides_give_the_bits_of_a_copy(lines, street, view):
    picture = view(street)
    expected = lines.features(numpy.ascontiguousarray(picture), "logits")
    assert numpy.array_equal(lines.features(picture, "logits"), expected)
    twice = numpy.array([picture, picture])[:, ::-1]
    assert numpy.array_equal(lines.features(twice, "logits"),
                             lines.features([picture[::-1]] * 2, "logits"))


def test_formats(lines, street):
    expected = lines.classify(street)
    assert numpy.array_equal(lines.classify(street[..., ::-1], "bgr"), expected)
    assert numpy.array_equal(lines.classify(rgba(street), "rgba"), expected)
    assert numpy.array_equal(lines.classify(rgba(street[..., ::-1]), "bgra"), expected)
    grey = street[..., 1]
    expected = lines.classify(numpy.dstack([grey] * 3))
    assert numpy.array_equal(lines.classify(grey), expected)
    assert numpy.array_equal(lines.classify(grey, "grey"), expected)
    assert numpy.array_equal(lines.classify(grey[None], "grey"), expected[None])


def test_shapes(lines, street):
    one = lines.classify(street)
    assert one.shape == (2,) and one.dtype == numpy.float32
    for many in [street[None], [street], (street,)]:
        assert numpy.array_equal(lines.classify(many), one[None])
    for none in [[], street[None][:0]]:
        assert lines.classify(none).shape == (0, 2)
    assert numpy.array_equal(lines.classify([street, street[:50, :80], street[..., 0]]),
                             [one, lines.classify(street[:50, :80]),
                              lines.classify(street[..., 0])])


def test_tensors(lines):
    tensor = numpy.random.default_rng(1).standard_normal((3, 80, 160), numpy.float32)
    expected = lines.features(tensor, "logits")
    assert numpy.array_equal(lines.features(tensor[None], "logits"), expected[None])
    interleaved = numpy.ascontiguousarray(tensor.transpose(1, 2, 0))
    assert numpy.array_equal(lines.features(interleaved.transpose(2, 0, 1), "logits"), expected)
    backwards = numpy.ascontiguousarray(tensor[:, ::-1, ::-1])
    assert numpy.array_equal(lines.features(backwards[:, ::-1, ::-1], "logits"), expected)


WRONG = {
    "float64": (numpy.zeros((80, 160, 3)), "expected an array of uint8, or of float32 that is "
                "normalised, found float64"),
    "float pixels": (numpy.zeros((80, 160, 3), numpy.float32), "found float32 of the shape "
                     "(80, 160, 3)"),
    "other byte order": (numpy.zeros((3, 80, 160), ">f4"), "found >f4"),
    "int32": (numpy.zeros((8, 8, 3), numpy.int32), "found int32"),
    "bool": (numpy.zeros((8, 8, 3), bool), "found bool"),
    "two channels": (numpy.zeros((8, 8, 2), numpy.uint8), "expected [height][width][channels] of "
                     "format rgb, or many of them, found the shape (8, 8, 2)"),
    "four channels": (numpy.zeros((8, 8, 4), numpy.uint8), "found the shape (8, 8, 4)"),
    "planes": (numpy.zeros((3, 8, 8), numpy.uint8), "found the shape (3, 8, 8)"),
    "one axis": (numpy.zeros(8, numpy.uint8), "found the shape (8,)"),
    "no axis": (numpy.zeros((), numpy.uint8), "found the shape ()"),
    "five axes": (numpy.zeros((1, 1, 8, 8, 3), numpy.uint8), "found the shape (1, 1, 8, 8, 3)"),
    "no rows": (numpy.zeros((0, 8, 3), numpy.uint8), "has no pixels that can be seen, by the shape "
                "(0, 8, 3)"),
    "no columns": (numpy.zeros((8, 0, 3), numpy.uint8), "has no pixels"),
    "many in a list": ([numpy.zeros((2, 8, 8, 3), numpy.uint8)],
                       "expected [height][width][channels]"),
    "unaligned": (numpy.frombuffer(bytes(4 * 3 * 80 * 160 + 1), numpy.uint8)[1:].view(numpy.float32)
                  .reshape(3, 80, 160), "do not lie at multiples of 4 bytes"),
    "the second one": ([numpy.zeros((8, 8, 3), numpy.uint8), numpy.zeros((8, 8, 3))],
                       "picture 1: "),
    "bytes of no picture": (b"GIF89a", "it is GIF"),
}


@pytest.mark.parametrize("picture, message", WRONG.values(), ids=WRONG)
def test_wrong_arrays_are_a_sentence(lines, picture, message):
    with pytest.raises(ValueError) as caught:
        lines.classify(picture)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("picture", [None, 3, [[1, 2], [3, 4]], {}, [None]])
def test_what_is_no_picture_is_a_type_error(lines, picture):
    with pytest.raises(TypeError, match="expected a picture as an array of numpy"):
        lines.classify(picture)


def test_wrong_arguments(lines, street, tmp_path):
    with pytest.raises(ValueError, match="expected the format rgb, bgr.*found 'hsv'"):
        lines.classify(street, "hsv")
    with pytest.raises(ValueError, match="has no layer 'stage9'"):
        lines.features(street, "stage9")
    with pytest.raises(ValueError, match="topk: expected int from 1 to"):
        lines.predict(street, topk=0)
    with pytest.raises(ValueError, match="on_error: expected 'raise' or 'warn', found 'ignore'"):
        lines.predict(street, on_error="ignore")
    with pytest.raises(FileNotFoundError, match="nowhere.png"):
        lines.classify("nowhere.png")
    with pytest.raises(FileNotFoundError, match="nowhere.pdparams"):
        pplcnet.Classifier("nowhere.pdparams")
    (tmp_path / "text.pdparams").write_text("no weights")
    with pytest.raises(ValueError, match="text.pdparams"):
        pplcnet.Classifier(tmp_path / "text.pdparams")
    with pytest.raises(ValueError, match="expected from 1 to 1024 threads, found 0"):
        pplcnet.orient(street, threads=0)


def test_unusual_names(lines, street, tmp_path):
    name = tmp_path / "Straße 街.png"
    Image.fromarray(street).save(name)
    assert numpy.array_equal(lines.classify(name), lines.classify(street))
    for kind in (bytes, bytearray, memoryview):
        assert numpy.array_equal(lines.classify(kind(name.read_bytes())), lines.classify(street))
    assert numpy.array_equal(pplcnet.read_picture(name), street)


def between_guards(picture, at_end):
    """A copy that begins or ends where no byte can be read."""
    page = mmap.PAGESIZE
    room = -(-picture.nbytes // page) * page
    memory = mmap.mmap(-1, room + 2 * page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for guard in (address, address + page + room):
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(guard), page, 0) == 0
    begin = page + (room - picture.nbytes if at_end else 0)
    copy = numpy.frombuffer(memory, numpy.uint8)[begin:begin + picture.nbytes]
    copy = copy.reshape(picture.shape)
    copy[:] = picture
    return copy


@pytest.mark.parametrize("at_end", [False, True])
def test_no_byte_beyond_an_array_is_read(lines, street, at_end):
    for picture, view in [(street, lambda a: a), (street[..., ::-1], lambda a: a[..., ::-1]),
                          (rgba(street), lambda a: a[..., :3]),
                          (rgba(street)[..., ::-1], lambda a: a[..., 1:]),
                          (rgba(street)[..., ::-1], lambda a: a[::-1, ::-1, :0:-1]),
                          (street.transpose(2, 0, 1), lambda a: a.transpose(1, 2, 0))]:
        guarded = view(between_guards(picture, at_end))
        assert numpy.array_equal(lines.classify(guarded), lines.classify(guarded.copy()))
        assert pplcnet.orient(guarded, lines=True) == pplcnet.orient(guarded.copy(), lines=True)
