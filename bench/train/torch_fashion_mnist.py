#!/usr/bin/env python3
"""Trains PP-LCNet x0_25 on Fashion-MNIST with PyTorch, by the recipe of bench/train/fashion.sh.

    torch_fashion_mnist.py SOURCE SEED [channels_last]

SOURCE has the four *-ubyte.gz files. Prints the accuracy on the test set after each epoch, and the
seconds, also of this thread's own time, which other programs do not lengthen."""

import pathlib
import sys
import time

import torch
from fashion_mnist import BORDER, SIDE, read
from torch import nn
from torch_step import pplcnet

EPOCHS, BATCH, PEAK, WARM_UP, DECAY = 3, 128, 0.1, 0.2, 3e-5


def load(source, prefix):
    """Pictures, normalised as ImageNet's, and their classes."""
    pixels, count = read(source, f"{prefix}-images-idx3-ubyte.gz")
    labels, _ = read(source, f"{prefix}-labels-idx1-ubyte.gz")
    grey = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(count, 1, SIDE, SIDE)
    grey = nn.functional.pad(grey, [BORDER] * 4).float() / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    return (grey - mean) / deviation, torch.frombuffer(bytearray(labels), dtype=torch.uint8).long()


def rate(step, steps):
    warm_up = round(WARM_UP * steps)
    if step < warm_up:
        return PEAK * step / warm_up
    part = (step - warm_up) / (EPOCHS * steps - warm_up)
    return PEAK * (1 + torch.cos(torch.tensor(torch.pi * part)).item()) / 2


def main():
    source, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    layout = torch.channels_last if "channels_last" in sys.argv else torch.contiguous_format
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    pictures, labels = load(source, "train")
    tests, test_labels = load(source, "t10k")
    network = pplcnet(0.25, 10, [2] * 5)
    for layer in network.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    network = network.to(memory_format=layout)
    weights = [one for one in network.parameters() if one.dim() > 1]
    others = [one for one in network.parameters() if one.dim() == 1]
    optimiser = torch.optim.SGD([{"params": weights, "weight_decay": DECAY}, {"params": others}],
                                lr=0, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()
    steps = -(-len(labels) // BATCH)
    start, own, accuracies = time.perf_counter(), time.process_time(), []
    for epoch in range(EPOCHS):
        network.train()
        order = torch.randperm(len(labels))
        for step in range(steps):
            chosen = order[step * BATCH:(step + 1) * BATCH]
            batch = pictures[chosen]
            mirrored = torch.rand(len(chosen)) < 0.5
            batch[mirrored] = batch[mirrored].flip(3)
            for group in optimiser.param_groups:
                group["lr"] = rate(epoch * steps + step, steps)
            optimiser.zero_grad(set_to_none=True)
            loss_of(network(batch.to(memory_format=layout)), labels[chosen]).backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            right = sum((network(tests[i:i + 500].to(memory_format=layout)).argmax(1)
                         == test_labels[i:i + 500]).sum().item() for i in range(0, len(tests), 500))
        accuracies.append(f"{100 * right / len(tests):.2f} %")
    print(f"torch seed {seed}: {', '.join(accuracies)}; {time.perf_counter() - start:.1f} s, "
          f"{time.process_time() - own:.1f} s of the processor")


main()
