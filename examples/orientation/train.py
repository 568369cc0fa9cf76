"""Trains one of the two networks on this machine's CPU, in two processes that share their weights.

    python3 train.py line|tile POOL VALID FOLDER MINUTES

POOL and VALID are prefixes of shards that `pool.py` wrote; new ones are read as they appear. FOLDER
keeps `last.pt`, from which a run that was cut off continues, and the curve `log.csv`. The rate is
flat for 70 % of MINUTES (of processor time of one process) and then falls to zero.
FOLDER/settings.json, if it exists, is read again every few seconds: {"minutes": 50} instead of
MINUTES, and how often each script is shown, {"scripts": {"arabic": 2.0}}.
"""
import copy
import csv
import glob
import json
import math
import os
import pickle
import random
import sys
import time
import zlib

import cv2
import numpy as np
import torch
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F

import augment
import drawing
import model

# A second classifier learns script and rotation together, which takes the network to the features
# that tell one from the other in each script; it is not exported.
SCRIPTS = (*drawing.WEIGHTS, "none")
RANKS = int(os.environ.get("RANKS", "2"))
SHARE_EVERY = 16  # steps
REPORT_EVERY = 90  # seconds of processor time
PEAK_RATE = 2.4e-3
SMOOTHING = 0.05
# Pictures with a larger loss than HARD are soon shown again, in other views: up to RETRIED of a
# batch. A sure and right prediction has a loss of 0.12 (2 rotations) or 0.2 (4 rotations).
HARD = {"line": 0.35, "tile": 0.6}
RETRIED = 1 / 3
# `widths`: until which part of the time how wide pictures are. Parts of lines and of tiles are as
# good for a start, and many more of them are seen in the same time.
TASKS = {
    "line": {
        "net": model.TEXT_LINE,
        "rotations": 2,
        "views": 24,
        "widths": ((0.1, 48), (0.25, 96), (math.inf, model.LINE_SIZE[1])),
    },
    "tile": {
        "net": model.PAGE_TILE,
        "rotations": 4,
        "views": 12,
        "widths": ((0.25, 96), (math.inf, model.TILE_SIZE[1])),
    },
}


class Pool:
    """This rank's shards, drawn from with a weight for each script."""

    def __init__(self, prefix, rank):
        self.prefix, self.rank = prefix, rank
        self.seen, self.items = set(), {}
        self.weights = {}
        self.hard = []

    def refresh(self):
        for path in sorted(glob.glob(f"{self.prefix}*.pkl")):
            if path in self.seen or zlib.crc32(path.encode()) % RANKS != self.rank:
                continue
            self.seen.add(path)
            with open(path, "rb") as file:
                for item in pickle.load(file):
                    self.items.setdefault(item[1]["script"], []).append(item)

    def choose(self, rng, count):
        scripts = list(self.items)
        weights = [len(self.items[s]) * self.weights.get(s, 1.0) for s in scripts]
        rng.shuffle(self.hard)
        again = [self.hard.pop() for _ in range(min(len(self.hard), round(count * RETRIED)))]
        return again + [
            rng.choice(self.items[s]) for s in rng.choices(scripts, weights, k=count - len(again))
        ]

    def retry(self, items):
        """Items that are to be chosen again."""
        self.hard = (self.hard + items)[-1000:]


def rotated(views, rotations):
    """All views in all rotations: number k is k quarters counter-clockwise of 4, or k halves of 2."""
    quarter = 4 // rotations
    return np.concatenate([np.rot90(views, k * quarter, (1, 2)) for k in range(rotations)])


def batch(task, pool, rng, noise, progress):
    """Items, their pictures in all rotations, labels, the helper's labels, and which tell; harder by
    and by."""
    rotations = TASKS[task]["rotations"]
    items = pool.choose(rng, TASKS[task]["views"])
    strength = min(1.0, 0.15 + 1.6 * max(0.0, progress - 0.15))
    width = next(width for end, width in TASKS[task]["widths"] if progress < end)
    if task == "line":
        views = [augment.line_view(item, rng, noise, strength, width) for item in items]
        telling = [True] * len(views)
    else:
        made = [augment.tile_view(item, rng, noise, strength, width) for item in items]
        views, telling = zip(*made)
    views, telling = np.stack(views), torch.tensor(telling).float().repeat(rotations)
    label = torch.arange(rotations).repeat_interleave(len(items))
    script = torch.tensor([SCRIPTS.index(item[1]["script"]) for item in items]).repeat(rotations)
    return (
        items,
        model.tensor(np.ascontiguousarray(rotated(views, rotations))),
        label,
        script * rotations + label,
        telling,
    )


def loss_of(logits, helper_logits, label, helper_label, telling):
    """Cross entropy of each picture with smoothed labels, and the helper's. Where nothing tells, all
    rotations are equally right."""
    certain = (1 - SMOOTHING) * telling.unsqueeze(1)
    target = certain * F.one_hot(label, logits.shape[1]) + (1 - certain) / logits.shape[1]
    own = -(target * F.log_softmax(logits, 1)).sum(1)
    help_ = F.cross_entropy(
        helper_logits, helper_label, label_smoothing=SMOOTHING, reduction="none"
    )
    return own, (help_ * telling).sum() / telling.sum().clamp(min=1)


def validation(prefix, task, count):
    """Views of the validation set, always the same, and their scripts."""
    items = []
    for path in sorted(glob.glob(f"{prefix}*.pkl")):
        with open(path, "rb") as file:
            items += pickle.load(file)
    items = items[:: max(1, len(items) // count)]
    scripts = [facts["script"] for _, facts in items]
    if task == "line":
        size = model.LINE_SIZE[::-1]
        views = [cv2.resize(drawing.decode(data), size) for data, _ in items]
        return np.stack(views), scripts
    views = [
        augment.tile_view(item, random.Random(i), np.random.default_rng(i), 0.5)
        for i, item in enumerate(items)
    ]
    telling = [i for i, (_, tells) in enumerate(views) if tells]
    return np.stack([views[i][0] for i in telling]), [scripts[i] for i in telling]


def accuracies(net, views, scripts, rotations):
    """Share of right predictions, of all and for each script."""
    net.eval()
    right = np.zeros(len(views))
    with torch.no_grad():
        for k in range(rotations):
            for i in range(0, len(views), 64):
                part = np.rot90(views[i : i + 64], k * (4 // rotations), (1, 2))
                part = np.ascontiguousarray(part)
                right[i : i + 64] += (net(model.tensor(part)).argmax(1) == k).numpy()
    right /= rotations
    table = {s: float(right[[t == s for t in scripts]].mean()) for s in sorted(set(scripts))}
    return float(right.mean()), table


def settings(folder):
    """What may be changed while the training runs."""
    path = f"{folder}/settings.json"
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rate(progress):
    if progress < 0.7:
        return PEAK_RATE
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * min(1, (progress - 0.7) / 0.3)))


def optimiser(net):
    """AdamW; no decay for biases and batch norm."""
    return torch.optim.AdamW(
        [
            {"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": 0.03},
            {"params": [p for p in net.parameters() if p.dim() < 2], "weight_decay": 0},
        ],
        lr=PEAK_RATE,
    )


def network(task):
    return model.PPLCNet(**TASKS[task]["net"], helpers=len(SCRIPTS) * TASKS[task]["rotations"])


def floats(net):
    return [t for t in net.state_dict().values() if t.is_floating_point()]


def share(net, shelf, barrier, rank):
    """Every rank gets the mean of all ranks' weights and statistics."""
    for own, place in zip(floats(net), shelf[rank]):
        place.copy_(own)
    barrier.wait()
    for own, *places in zip(floats(net), *shelf):
        own.copy_(sum(places) / len(places))
    barrier.wait()


def work(rank, task, arguments, shelf, barrier, go_on):
    pool_prefix, valid_prefix, folder, minutes = arguments
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(rank)
    net = network(task).to(memory_format=torch.channels_last)
    adam, mean = optimiser(net), copy.deepcopy(net)
    state = {"step": 0, "samples": 0, "seconds": 0.0}
    last = f"{folder}/last.pt"
    if os.path.exists(last):
        saved = torch.load(last)
        net.load_state_dict(saved["net"], strict=False)
        mean.load_state_dict(saved["mean"], strict=False)
        if len(saved["adam"]["state"]) == len(list(net.parameters())):
            adam.load_state_dict(saved["adam"])
        state.update(saved["state"])
    first = state["step"]
    share(net, shelf, barrier, rank)
    rng = random.Random(f'{rank} {state["step"]}')
    noise = np.random.default_rng([rank, state["step"]])
    pool = Pool(pool_prefix, rank)
    pool.refresh()
    if rank == 0:
        views, scripts = validation(valid_prefix, task, 600)
    begun, reported = time.process_time() - state["seconds"], time.process_time()
    losses, hits = [], []
    while go_on[0]:
        progress = (time.process_time() - begun) / (60 * minutes)
        net.train()
        items, pictures, label, helper_label, telling = batch(task, pool, rng, noise, progress)
        for group in adam.param_groups:
            group["lr"] = rate(progress) * min(1, (state["step"] + 1 - first) / 100)
        logits, helper_logits = net(pictures)
        losses_of_pictures, helper_loss = loss_of(
            logits, helper_logits, label, helper_label, telling
        )
        loss = losses_of_pictures.mean()
        of_items = (losses_of_pictures * telling).detach().view(-1, len(items)).mean(0).tolist()
        pool.retry([item for item, own in zip(items, of_items) if own > HARD[task]])
        adam.zero_grad()
        (loss + helper_loss).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        adam.step()
        state["step"] += 1
        state["samples"] += RANKS * len(label)
        losses.append(loss.item())
        hits.append(
            (((logits.argmax(1) == label) * telling).sum() / telling.sum().clamp(min=1)).item()
        )
        if rank == 0:
            keep = min(0.998, state["step"] / (state["step"] + 20))
            for slow, fast in zip(floats(mean), floats(net)):
                slow.lerp_(fast, 1 - keep)
        if state["step"] % SHARE_EVERY:
            continue
        share(net, shelf, barrier, rank)
        plan = settings(folder)
        minutes, pool.weights = plan.get("minutes", minutes), plan.get("scripts", {})
        if rank == 0:
            go_on[1] = int(time.process_time() - reported > REPORT_EVERY or progress >= 1)
        barrier.wait()
        if go_on[1]:
            reported = time.process_time()
            pool.refresh()
            if rank == 0:
                state["seconds"] = time.process_time() - begun
                torch.save(
                    {
                        "net": net.state_dict(),
                        "mean": mean.state_dict(),
                        "adam": adam.state_dict(),
                        "state": state,
                    },
                    last + ".part",
                )
                os.rename(last + ".part", last)
                accuracy, table = accuracies(mean, views, scripts, TASKS[task]["rotations"])
                row = [
                    round(state["seconds"] / 60, 1),
                    state["samples"],
                    round(float(np.mean(losses)), 4),
                    round(float(np.mean(hits)), 4),
                    round(accuracy, 4),
                ]
                losses, hits = [], []
                with open(f"{folder}/log.csv", "a", encoding="utf-8") as file:
                    csv.writer(file).writerow(row)
                print(
                    row,
                    sum(map(len, pool.items.values())),
                    {s: round(v, 3) for s, v in table.items()},
                    flush=True,
                )
                if progress >= 1:
                    go_on[0] = 0
            barrier.wait()


def main():
    task, pool, valid, folder, minutes = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    net = network(task)
    shelf = [[torch.zeros_like(t).share_memory_() for t in floats(net)] for _ in range(RANKS)]
    go_on = torch.tensor([1, 0]).share_memory_()
    multiprocessing.spawn(
        work,
        (
            task,
            (pool, valid, folder, float(minutes)),
            shelf,
            multiprocessing.get_context("spawn").Barrier(RANKS),
            go_on,
        ),
        RANKS,
    )


if __name__ == "__main__":
    main()
