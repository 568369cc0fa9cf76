"""Writes a trained network with Paddle's names, for `convert`.

    python3 export.py LAST.pt line|tile OUT.pth

The weights are the mean over the last steps. Classes of tiles are quarters clockwise there, as in
PaddleOCR's networks: 0, 90, 180, 270 degrees. OUT.pth.check gets four inputs and the logits
for them, as float32.
"""
import sys

import numpy as np
import torch

import model


CLOCKWISE = [0, 3, 2, 1]  # the turns of training, which are counter-clockwise, in files' order


def paddle_state(net):
    """State dict with the names and shapes of PaddleClas."""
    state = {}
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked") or name.startswith("helper."):
            continue
        name = name.replace("running_mean", "_mean").replace("running_var", "_variance")
        if name.startswith("fc.") and len(value) == len(CLOCKWISE):
            value = value[CLOCKWISE]
        state[name] = (value.t() if name == "fc.weight" else value).contiguous().clone()
    return state


def load(path, task, which="mean"):
    net = model.PPLCNet(**(model.TEXT_LINE if task == "line" else model.PAGE_TILE))
    net.load_state_dict(
        {n: v for n, v in torch.load(path)[which].items() if not n.startswith("helper.")}
    )
    return net.to(memory_format=torch.channels_last).eval()


if __name__ == "__main__":
    NET = load(sys.argv[1], sys.argv[2])
    torch.save(paddle_state(NET), sys.argv[3])
    ROWS, COLUMNS = model.LINE_SIZE if sys.argv[2] == "line" else model.TILE_SIZE
    INPUT = torch.randn(4, 3, ROWS, COLUMNS, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        LOGITS = NET(INPUT)
    if LOGITS.shape[1] == len(CLOCKWISE):
        LOGITS = LOGITS[:, CLOCKWISE]
    np.concatenate([INPUT.numpy().ravel(), LOGITS.numpy().ravel()]).tofile(sys.argv[3] + ".check")
