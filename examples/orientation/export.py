"""Writes a trained network with Paddle's names, for `convert`.

    python3 export.py LAST.pt line|tile OUT.pth

The weights are the mean over the last steps. Classes of tiles are quarters clockwise there, as in
PaddleOCR's networks: 0, 90, 180, 270 degrees.
"""
import sys

import torch

import model

CLOCKWISE = [0, 3, 2, 1]  # the rotations of training, which are counter-clockwise, in files' order


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


def load(path, task):
    net = model.PPLCNet(**(model.TEXT_LINE if task == "line" else model.PAGE_TILE))
    net.load_state_dict(
        {n: v for n, v in torch.load(path)["mean"].items() if not n.startswith("helper.")}
    )
    return net.to(memory_format=torch.channels_last).eval()


if __name__ == "__main__":
    torch.save(paddle_state(load(sys.argv[1], sys.argv[2])), sys.argv[3])
