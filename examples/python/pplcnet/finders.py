"""Objects, classes of pixels, and text in pictures."""

import os
from typing import Any, Callable, NamedTuple, Union, overload

from numpy import uint8
from numpy.typing import NDArray

from pplcnet import _pplcnet
from pplcnet.arguments import MOST, Opened, check_number, check_text
from pplcnet.pictures import File, Format, Many, Pictures

Path = Union[str, os.PathLike[str]]


class Detection(NamedTuple):
    """An object in a picture."""

    class_id: int
    label: str
    score: float
    box: tuple[float, float, float, float]  #: x1, y1, x2, y2 in pixels


class TextLine(NamedTuple):
    """A line of text in a picture."""

    text: str
    score: float
    box: list[tuple[int, int]]  #: four corners in pixels, clockwise from the top left one
    upside_down: bool


def _each_picture(found: list[Any], convert: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """Converts what was found in a picture, or in each of many."""
    if found and isinstance(found[0], list):
        return [convert(one) for one in found]
    return convert(found)


class Detector(Opened):
    """A detector of objects, such as PicoDet. `threshold` is the least score of an object, boxes
    of a class that share more than `overlap` of their union are one object, and `most` are
    returned."""

    def __init__(self, file: Path, *, model: str = "", part: str = "", threshold: float = 0.5,
                 overlap: float = 0.6, most: int = 100, threads: int = 1) -> None:
        check_text(model=model, part=part)
        check_number(float, 0, 1, threshold=threshold, overlap=overlap)
        check_number(int, 1, MOST, most=most)
        check_number(int, -MOST, MOST, threads=threads)
        self._detector = _pplcnet.Detector(file, model, part, threshold, overlap, most, threads)
        self.labels = self._detector.labels

    @property
    def name(self) -> str:
        """The name of the published model."""
        return self._detector.name

    def __repr__(self) -> str:
        return f"<pplcnet.Detector {self.name}: {self._detector.classes} classes>"

    @overload
    def detect(self, pictures: File, format: Format = ...) -> list[Detection]: ...
    @overload
    def detect(self, pictures: Many, format: Format = ...) -> list[list[Detection]]: ...
    @overload
    def detect(self, pictures: NDArray[Any], format: Format = ...) -> Any: ...

    def detect(self, pictures: Pictures, format: Format = "rgb") -> Any:
        """Returns the Detections in a picture, the best first; of many pictures a list of such
        lists."""
        return _each_picture(self._detector.detect(pictures, format), self._named)

    def _named(self, found: list[Any]) -> list[Detection]:
        return [Detection(i, self.labels[i] if self.labels else str(i), score, box)
                for i, score, box in found]


class Segmenter(Opened):
    """A network that gives each pixel a class, such as DeepLabV3+."""

    def __init__(self, file: Path, *, model: str = "", companion: Path = "",
                 threads: int = 1) -> None:
        check_text(model=model)
        check_number(int, -MOST, MOST, threads=threads)
        self._network = _pplcnet.Network(file, model, companion, "", "any", False, threads, None)
        self._network.check_segments()
        self.labels = self._network.labels

    @property
    def name(self) -> str:
        """The name of the published model."""
        return self._network.name

    def __repr__(self) -> str:
        return f"<pplcnet.Segmenter {self.name}: {self._network.label_count} classes>"

    @overload
    def segment(self, pictures: File, format: Format = ...) -> NDArray[uint8]: ...
    @overload
    def segment(self, pictures: Many, format: Format = ...) -> list[NDArray[uint8]]: ...
    @overload
    def segment(self, pictures: NDArray[Any], format: Format = ...) -> Any: ...

    def segment(self, pictures: Pictures, format: Format = "rgb") -> Any:
        """Returns the class of each pixel, uint8 [height][width]; of many pictures a list."""
        return self._network.segment(pictures, format)


class TextReader(Opened):
    """Reads text as PaddleOCR does, with the weights of a detector and of a recogniser, its
    `dictionary` of characters, and perhaps of a classifier for lines that are upside down. Lines
    with a score below `threshold` are left out; a picture is seen with `longest_side` pixels at
    most to find them."""

    def __init__(self, detection: Path, recognition: Path, dictionary: Path, *,
                 orientation: Path = "", threshold: float = 0.5, longest_side: int = 960,
                 threads: int = 1) -> None:
        check_number(float, 0, 1, threshold=threshold)
        check_number(int, 1, MOST, longest_side=longest_side)
        check_number(int, -MOST, MOST, threads=threads)
        self._reader = _pplcnet.TextReader(detection, recognition, dictionary, orientation,
                                           threshold, longest_side, threads)
        self._recognition = recognition

    def __repr__(self) -> str:
        return f"<pplcnet.TextReader {os.fsdecode(self._recognition)}>"

    @overload
    def read(self, pictures: File, format: Format = ...) -> list[TextLine]: ...
    @overload
    def read(self, pictures: Many, format: Format = ...) -> list[list[TextLine]]: ...
    @overload
    def read(self, pictures: NDArray[Any], format: Format = ...) -> Any: ...

    def read(self, pictures: Pictures, format: Format = "rgb") -> Any:
        """Returns the TextLines of a picture in reading order; of many pictures a list of such
        lists."""
        return _each_picture(self._reader.read(pictures, format),
                             lambda lines: [TextLine(*line) for line in lines])
