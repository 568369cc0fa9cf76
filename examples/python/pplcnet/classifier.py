"""Classes, features and orientation of pictures."""

import functools
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Callable, Literal, NamedTuple, Optional, TypedDict, Union, overload

from numpy import float32
from numpy.typing import NDArray

from pplcnet import _pplcnet
from pplcnet.arguments import MOST, Opened, check_number, check_text, listed
from pplcnet.pictures import File, Format, Many, Picture, Pictures, each, is_name

Path = Union[str, os.PathLike[str]]


class _Classes(TypedDict):
    class_ids: list[int]
    scores: list[float]
    label_names: list[str]


class Prediction(_Classes, total=False):
    """The most probable classes of a picture, the first one first: PaddleClas' keys."""

    filename: str  #: of a picture that is a file


class Orientation(NamedTuple):
    """How a picture is rotated."""

    angle: int  #: in degrees, clockwise: 0, 90, 180 or 270
    confidence: float  #: its probability


def _vectors(array: NDArray[float32]) -> NDArray[float32]:
    """Returns an array without the height and the width of its maps, if these are 1."""
    return array.reshape(array.shape[:-2]) if array.shape[-2:] == (1, 1) else array


def _stop(problem: Exception) -> None:
    raise problem


def _warn(problem: Exception) -> None:
    warnings.warn(str(problem), stacklevel=4)


class Classifier(Opened):
    """The network of a file of weights, ready for pictures.

    >>> classifier = pplcnet.Classifier("PPLCNet_x1_0.safetensors")
    >>> classifier.classify(numpy.zeros((480, 640, 3), numpy.uint8)).shape
    (1000,)

    `file` has weights of any kind that the program `pplcnet` opens, or is a folder or a tar
    archive with such a file. What it does not say itself can be said: the name of the published
    `model`, a `companion` with Paddle's or ncnn's other half, which `part` of a distillation's
    checkpoint is meant, and `labels`, a list or a file. Pictures of one call are computed by
    `threads` threads. With `half_head` the weights of the head are kept as float16.
    """

    def __init__(self, file: Path, *, model: str = "", companion: Path = "", part: str = "",
                 labels: Union[Sequence[str], os.PathLike[str], None] = None, topk: int = 5,
                 batch_size: int = 1, half_head: bool = False, threads: int = 1,
                 purpose: Literal["classes", "orientation"] = "classes") -> None:
        check_text(model=model, part=part, purpose=purpose)
        check_number(int, 1, MOST, topk=topk, batch_size=batch_size)
        check_number(int, -MOST, MOST, threads=threads)
        network = _pplcnet.Network(file, model, companion, part, purpose, bool(half_head), threads,
                                   None)
        self._network, self.topk, self.batch_size = network, topk, batch_size
        self._logits = [network.find_layer("logits")]
        count = network.label_count
        if labels is None:
            self._labels = network.labels
        elif isinstance(labels, (str, os.PathLike)):
            self._labels = _pplcnet.labels_in(labels, count)
        else:
            self._labels = listed(labels=labels)
            for label in self._labels:
                check_text(labels=label)
            if len(self._labels) not in (0, count):
                raise ValueError(f"{network.name}: expected labels for {count} classes, found "
                                 f"{len(self._labels)}")

    @property
    def name(self) -> str:
        """The name of the published model."""
        return self._network.name

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._network.classes

    @property
    def labels(self) -> list[str]:
        """The labels of the classes, or none."""
        return list(self._labels)

    @property
    def input_size(self) -> tuple[int, int]:
        """The height and the width of what the network sees."""
        _, height, width = self._network.input_shape
        return height, width

    def classify(self, pictures: Pictures, format: Format = "rgb") -> NDArray[float32]:
        """Returns the probabilities of all classes, float32 [classes]; of many pictures
        [pictures][classes]."""
        return _vectors(self._network.run(pictures, self._logits, format, True)[0])

    def predict(self, input_data: Union[Pictures, Iterable[Any]], *, topk: Optional[int] = None,
                batch_size: Optional[int] = None, format: Format = "rgb",
                on_error: Literal["raise", "warn"] = "raise") -> Iterator[list[Prediction]]:
        """Gives lists of predictions as PaddleClas does, `batch_size` in each: of pictures, of all
        pictures in folders, and of what an iterator gives, which may be endless. With
        on_error="warn" those that cannot be read are left out, with a warning for each."""
        count = self.topk if topk is None else topk
        most = self.batch_size if batch_size is None else batch_size
        check_number(int, 1, MOST, topk=count, batch_size=most)
        if on_error not in ("raise", "warn"):
            raise ValueError(f"on_error: expected 'raise' or 'warn', found {on_error!r}")
        return self._predict(input_data, count, most, format,
                             _warn if on_error == "warn" else _stop)

    def _predict(self, input_data: Union[Pictures, Iterable[Any]], count: int, most: int,
                 format: Format,
                 complain: Callable[[Exception], None]) -> Iterator[list[Prediction]]:
        batch: list[Picture] = []
        for picture in each(input_data, 2 if format == "grey" else 3, complain):
            batch.append(picture)
            if len(batch) == most:
                yield self._predictions(batch, count, format, complain)
                batch = []
        if batch:
            yield self._predictions(batch, count, format, complain)

    def _predictions(self, batch: list[Picture], count: int, format: Format,
                     complain: Callable[[Exception], None]) -> list[Prediction]:
        try:
            rows = self.classify(batch, format)
        except (OSError, ValueError) as problem:
            if len(batch) == 1 or complain is _stop:
                complain(problem)
                return []
            return [prediction for picture in batch
                    for prediction in self._predictions([picture], count, format, complain)]
        return [self._prediction(picture, row, count) for picture, row in zip(batch, rows)]

    def _prediction(self, picture: Picture, row: NDArray[float32], count: int) -> Prediction:
        class_ids, scores = _pplcnet.top_k(row, count)
        labels = self._labels
        prediction: Prediction = {
            "class_ids": class_ids,
            "scores": scores,
            "label_names": [labels[i] for i in class_ids] if labels else [],
        }
        if is_name(picture):
            prediction["filename"] = os.fspath(picture)  # type: ignore[arg-type]
        return prediction

    @overload
    def features(self, pictures: Pictures, layer: str = ..., *,
                 format: Format = ...) -> NDArray[float32]: ...
    @overload
    def features(self, pictures: Pictures, layer: Union[list[str], tuple[str, ...]], *,
                 format: Format = ...) -> list[NDArray[float32]]: ...

    def features(self, pictures: Pictures,
                 layer: Union[str, list[str], tuple[str, ...]] = "embedding", *,
                 format: Format = "rgb") -> Union[NDArray[float32], list[NDArray[float32]]]:
        """Returns the output of a layer: `embedding`, `pooled`, `logits`, a stage such as
        `stage5`, or any layer's name; float32 [channels], or of a map [channels][height][width],
        of many pictures with one more axis in front. Of a list of layers it is a list of arrays,
        computed at once."""
        words = list(layer) if isinstance(layer, (list, tuple)) else [layer]
        for word in words:
            check_text(layer=word)
        layers = [self._network.find_layer(word) for word in words]
        different = list(dict.fromkeys(layers))
        arrays = dict(zip(different, self._network.run(pictures, different, format, False)))
        found = [_vectors(arrays[one]) for one in layers]
        return found[0] if isinstance(layer, str) else found

    def embed(self, pictures: Pictures, format: Format = "rgb") -> NDArray[float32]:
        """Returns embeddings, float32 [channels]; of many pictures [pictures][channels]."""
        return self.features(pictures, "embedding", format=format)

    @overload
    def orient(self, pictures: File, format: Format = ...) -> Orientation: ...
    @overload
    def orient(self, pictures: Many, format: Format = ...) -> list[Orientation]: ...
    @overload
    def orient(self, pictures: NDArray[Any], format: Format = ...) -> Any: ...

    def orient(self, pictures: Pictures, format: Format = "rgb") -> Any:
        """Returns the Orientation of a picture; of many pictures a list. A ValueError if the
        network is not about orientation."""
        return _orientations(self._network.orient(pictures, format))

    def __repr__(self) -> str:
        height, width = self.input_size
        return f"<pplcnet.Classifier {self.name}: {self.classes} classes, {height}x{width}>"


def _orientations(found: Any) -> Any:
    if isinstance(found, list):
        return [Orientation(*one) for one in found]
    return Orientation(*found)


@functools.lru_cache(maxsize=None)
def _built_in(lines: bool, threads: int) -> _pplcnet.Network:
    return _pplcnet.Network.built_in(lines, threads)


@overload
def orient(pictures: File, *, lines: bool = ..., format: Format = ...,
           threads: int = ...) -> Orientation: ...
@overload
def orient(pictures: Many, *, lines: bool = ..., format: Format = ...,
           threads: int = ...) -> list[Orientation]: ...
@overload
def orient(pictures: NDArray[Any], *, lines: bool = ..., format: Format = ...,
           threads: int = ...) -> Any: ...


def orient(pictures: Pictures, *, lines: bool = False, format: Format = "rgb",
           threads: int = 1) -> Any:
    """Returns the Orientation of a page, or of a line of text that is upright or upside down; of
    many pictures a list. The weights are part of the package; for others there is
    `Classifier.orient`."""
    check_number(int, -MOST, MOST, threads=threads)
    return _orientations(_built_in(bool(lines), threads).orient(pictures, format))
