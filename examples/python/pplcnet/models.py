"""Networks in timm's habit: tensors in, tensors or a pyramid of feature maps out."""

import os
from collections.abc import Sequence
from typing import Any, Optional, TypeVar, Union

from numpy import float32
from numpy.typing import NDArray

from pplcnet import _pplcnet
from pplcnet.arguments import MOST, Opened, check_number, check_text, listed
from pplcnet.pictures import Format, Pictures


_Model = TypeVar("_Model", bound="Model")


class FeatureInfo:
    """What the feature maps of a model are, as timm's `feature_info`."""

    def __init__(self, names: list[str], channels: list[int], reductions: list[int]) -> None:
        self._names, self._channels, self._reductions = names, channels, reductions

    def module_name(self) -> list[str]:
        """Returns the names of the maps."""
        return list(self._names)

    def channels(self) -> list[int]:
        """Returns the channels of each map."""
        return list(self._channels)

    def reduction(self) -> list[int]:
        """Returns how many pixels of the input a step in each map is."""
        return list(self._reductions)

    def __repr__(self) -> str:
        maps = zip(self._names, self._channels, self._reductions)
        return f"<pplcnet.FeatureInfo {', '.join(f'{name}: {c} at 1/{r}' for name, c, r in maps)}>"


class Model(Opened):
    """A network that is called with tensors, float32 [batch][3][height][width] that are normalised,
    or with pictures, which are resized and normalised as the model was trained."""

    def __init__(self, network: _pplcnet.Network, outputs: list[tuple[str, int, int]],
                 features_only: bool) -> None:
        self._network, self._features_only = network, features_only
        self._outputs = outputs
        self._layers = [layer for _, layer, _ in outputs]
        self.feature_info = FeatureInfo([name for name, _, _ in outputs],
                                        [network.shape(layer)[0] for layer in self._layers],
                                        [stride for _, _, stride in outputs])
        self._different = list(dict.fromkeys(self._layers))

    def __call__(self, x: Pictures, format: Format = "rgb") -> Union[NDArray[float32],
                                                                     list[NDArray[float32]]]:
        """Returns the list of feature maps, [batch][channels][height][width], if the model is
        for `features_only`; otherwise the logits, or without a classifier the embedding. Of one
        picture that is no batch, they have no axis for it."""
        found = self._network.run(x, self._different, format, False)
        if not self._features_only:
            return found[0].reshape(found[0].shape[:-2])
        arrays = dict(zip(self._different, found))
        return [arrays[layer] for layer in self._layers]

    @property
    def num_classes(self) -> int:
        """The number of classes; 0 where there is no classifier."""
        return self._network.classes if self._outputs[0][0] == "logits" else 0

    @property
    def pretrained_cfg(self) -> dict[str, Any]:
        """How pictures become tensors, in timm's words: `input_size`, `interpolation`, `crop_pct`,
        and the `mean` and the `std` of the tensor's planes, for pixels from 0 to 1."""
        return {"architecture": self._network.name, "input_size": self._network.input_shape,
                **self._network.preprocessing}

    def eval(self: _Model) -> _Model:
        """Returns the model: it is never trained."""
        return self

    def __repr__(self) -> str:
        names = ", ".join(name for name, _, _ in self._outputs)
        return f"<pplcnet.Model {self._network.name}: {names}>"


def create_model(model_name: str, pretrained: bool = False,
                 checkpoint_path: Union[str, os.PathLike[str]] = "", *,
                 num_classes: Optional[int] = None, features_only: bool = False,
                 out_indices: Optional[Sequence[int]] = None,
                 img_size: Union[int, tuple[int, int], None] = None, threads: int = 1) -> Model:
    """Returns a model as timm's function of this name does, which may have a tag, as in
    "lcnet_050.ra2_in1k": its logits, with num_classes=0 its embedding, with features_only=True its feature maps, of which `out_indices` chooses some.
    `img_size` is another height and width of tensors than the model was trained with.
    `checkpoint_path` is the file of its weights, in any format; nothing is downloaded."""
    arguments = dict(locals())
    check_text(model_name=model_name)
    check_number(int, -MOST, MOST, threads=threads)
    if not checkpoint_path:
        raise ValueError(f"{model_name}: expected a checkpoint_path, for " +
                         ("weights are not downloaded" if pretrained else
                          "without weights there is nothing to compute"))
    size = None
    if img_size is not None:
        sides = listed(img_size=img_size) if hasattr(img_size, "__len__") else [img_size]
        for side in sides:
            check_number(int, 0, MOST, img_size=side)
        if len(sides) not in (1, 2):
            raise ValueError(f"img_size: expected a height and a width, found {img_size}")
        size = sides[0], sides[-1]
    network = _pplcnet.Network(checkpoint_path, model_name.partition(".")[0], "", "", "any", False,
                               threads, size)
    if num_classes not in (None, 0, network.classes):
        raise ValueError(f"{model_name}: expected the {network.classes} classes of "
                         f"{os.fspath(checkpoint_path)}, or 0, found num_classes={num_classes}")
    if not features_only:
        word = "embedding" if num_classes == 0 else "logits"
        outputs = [(word, network.find_layer(word), 1)]
    else:
        stages = network.stages
        indices = range(len(stages)) if out_indices is None else listed(out_indices=out_indices)
        for index in indices:
            check_number(int, -MOST, MOST, out_indices=index)
            if not -len(stages) <= index < len(stages):
                raise ValueError(f"{model_name}: expected out_indices of {len(stages)} feature "
                                 f"maps, found {index}")
        outputs = [stages[index] for index in indices]
    model = Model(network, outputs, features_only)
    model._how = create_model, (), arguments
    return model
