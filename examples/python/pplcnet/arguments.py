"""What arguments may be, and how what was opened with them is opened again."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Callable, TypeVar

_Opened = TypeVar("_Opened", bound="Opened")

MOST = 2**31 - 1  #: of whole numbers


def check_text(**arguments: object) -> None:
    """A TypeError names an argument that is no text."""
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise TypeError(f"{name}: expected str, found {type(value).__name__}")


def check_number(kind: type, least: float, most: float, /, **arguments: Any) -> None:
    """A TypeError names an argument that is no number, or no whole one if `kind` is int; a ValueError
    one that is out of range."""
    for name, value in arguments.items():
        if not isinstance(value, (int, Integral) if kind is int else (int, float, Real)):
            raise TypeError(f"{name}: expected {kind.__name__}, found {type(value).__name__}")
        if not least <= value <= most:
            raise ValueError(f"{name}: expected {kind.__name__} from {least} to {most}, found {value}")


def listed(**argument: Any) -> list[Any]:
    """Returns a list of what an argument has; a TypeError names one that has not several."""
    [(name, value)] = argument.items()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a list, found {type(value).__name__}")
    return list(value)


def _open_again(function: Callable[..., Any], positional: Iterable[Any], named: dict[str, Any]) -> Any:
    return function(*positional, **named)


class Opened:
    """Something that was opened with files. It is pickled as their names, with which it is opened
    again: another process has memory of its own."""

    _how: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

    def __new__(cls: type[_Opened], *positional: Any, **named: Any) -> _Opened:
        self = super().__new__(cls)
        self._how = cls, positional, named
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        public = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return _open_again, self._how, public
