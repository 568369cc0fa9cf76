"""What a picture is, and where pictures are."""

import os
from collections.abc import Iterable, Iterator
from typing import Any, Callable, Literal, Union

from numpy import ndarray
from numpy.typing import NDArray

from pplcnet import _pplcnet

Format = Literal["rgb", "bgr", "rgba", "bgra", "grey"]
File = Union[str, os.PathLike[str], bytes, bytearray, memoryview]
Many = Union[list[Any], tuple[Any, ...]]
#: Pixels of uint8, the name of a file, or its bytes.
Picture = Union[NDArray[Any], File]
#: One, or many: an array with one more axis, or a list.
Pictures = Union[Picture, Many]


def is_name(picture: object) -> bool:
    """Returns whether a picture is the name of a file."""
    return isinstance(picture, (str, os.PathLike))


def pictures_in(folder: Union[str, os.PathLike[str]]) -> list[str]:
    """Lists the pictures in a folder and its subfolders, by their names, sorted. Each folder is
    seen once, however many links lead to it."""

    def stop(problem: OSError) -> None:
        raise problem

    found = []
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=stop):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        found += [os.path.join(place, file) for file in files
                  if _pplcnet.looks_like_picture(os.fsencode(file))]
    return sorted(found, key=os.fsencode)


def each(pictures: Union[Pictures, Iterable[Any]], axes: int,
         complain: Callable[[ValueError], None]) -> Iterator[Picture]:
    """Gives pictures one by one: folders are the pictures in them, arrays have so many axes for one.
    A folder without pictures is complained of."""
    if isinstance(pictures, (str, os.PathLike)) and os.path.isdir(pictures):
        found = pictures_in(pictures)
        if not found:
            complain(ValueError(f"{os.fspath(pictures)}: no pictures in this folder"))
        yield from found
    elif isinstance(pictures, (list, tuple, Iterator)):
        for picture in pictures:
            yield from each(picture, axes, complain)
    elif isinstance(pictures, ndarray) and pictures.ndim == axes + 1:
        yield from pictures
    else:
        yield pictures  # type: ignore[misc]
