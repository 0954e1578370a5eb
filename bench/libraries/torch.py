"""PyTorch on the CPU, as the bench drives it: one group's workloads, a line of JSON each.

    python3 torch.py GROUP BUDGET_MS [IMAGES]     times a group (see ../groups.ts)
    python3 torch.py expected                     losses and logits for ../workloads/verify.ts
    python3 torch.py --version

Data and initial parameters are those of ../data.ts and ../resnet.ts, from the same seeds.
Workloads are named and measured as the other libraries' are; those that need torchvision
are left out where it is missing.
"""
import sys

sys.path = [p for p in sys.path if not p.endswith("bench/libraries")]  # this file's name is torch's

import json
import math
import os
import statistics
import struct
import tempfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

try:
    import torchvision
except ImportError:
    torchvision = None

SAMPLES = 7
STEPS = 10
WINDOW = 0.4  # seconds of work between two looks at the clock
dtype = torch.float32


# ---- data, as ../data.ts makes it

def uniform(n, seed):
    """mulberry32: its state is a counter, so all numbers are made at once."""
    with np.errstate(over="ignore"):
        t = np.uint32(seed) + np.arange(1, n + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
        t = (t ^ (t >> np.uint32(15))) * (np.uint32(1) | t)
        t = (t + (t ^ (t >> np.uint32(7))) * (np.uint32(61) | t)) ^ t
        return (t ^ (t >> np.uint32(14))).astype(np.float64) / 2**32


def rand(shape, seed, scale=1.0):
    values = ((uniform(int(np.prod(shape)), seed) * 2 - 1) * scale).astype(np.float32)
    return torch.from_numpy(values).reshape(shape).to(dtype)


def labels(n):
    return torch.from_numpy(np.floor(uniform(n, 5) * 10).astype(np.int64))


# ---- models

def mnist_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def mlp():
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def alexnet_head():
    return nn.Sequential(
        nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000))


def resnet18():
    return torchvision.models.resnet18()


def resnet18_cifar():
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model


MODELS = {  # maker, shape of an image, what workloads are called
    "cnn": (mnist_cnn, (1, 28, 28), "mnistcnn"),
    "lenet": (lenet, (1, 28, 28), "lenet"),
    "mlp": (mlp, (784,), "mlp"),
    "alexnet-head": (alexnet_head, (9216,), "alexnethead"),
    "resnet18": (resnet18, (3, 224, 224), "resnet18"),
    "resnet18-cifar": (resnet18_cifar, (3, 32, 32), "resnet18cifar"),
}


def make(name):
    """The model with the parameters of ../data.ts; linear weights are [in, out] there."""
    model = MODELS[name][0]().to(dtype)
    with torch.no_grad():
        for i, (key, p) in enumerate(model.named_parameters()):
            if name.startswith("resnet"):
                if p.ndim == 4:
                    value = rand(p.shape, 100 + i, (6 / (p.shape[0] * p.shape[2] * p.shape[3])) ** 0.5)
                elif key.startswith("fc"):
                    value = rand(p.shape[::-1], 100 + i, 512**-0.5)
                else:  # norms: scale 1, shift 0
                    value = torch.full(p.shape, float(key.endswith("weight")), dtype=dtype)
            else:
                inputs = p[0].numel() if p.ndim > 1 else inputs  # a bias follows its weight
                value = rand(p.shape if p.ndim == 4 else p.shape[::-1], 100 + i, inputs**-0.5)
            p.copy_(value.T if p.ndim == 2 else value)
    return model


def trainer(name, batch, rule, lr):
    model = make(name)
    x, y = rand((batch, *MODELS[name][1]), 8), labels(batch)
    if rule == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


# ---- timing, as ../timing.ts does it

def emit(workload, **fields):
    print(json.dumps({"peer": "torch", "workload": workload, **{k: v for k, v in fields.items() if v is not None}}), flush=True)


def rounded(value):
    return float(f"{value:.4g}")


def report(workload, times, flops=None, moved=None, samples=None, **fields):
    median = statistics.median(times)
    emit(workload, median_ms=rounded(median), min_ms=rounded(min(times)),
         gflops=flops and rounded(flops / median / 1e6), gbps=moved and rounded(moved / median / 1e6),
         samples_per_s=samples and round(samples * 1e3 / median), n=len(times), **fields)


def sampled(sample):
    times, end = [], time.perf_counter() + budget
    while not times or (len(times) < SAMPLES and time.perf_counter() < end):
        times.append(sample())
    return times


def operation(workload, run, **work):
    def batch(count):
        start = time.perf_counter()
        for _ in range(count):
            run()
        return (time.perf_counter() - start) * 1e3 / count

    batch(1)
    count = 1
    for _ in range(2):
        each = batch(count)
        if each > budget * 1e3:
            return report(workload, [each], **work)
        count = max(1, min(256, math.ceil(WINDOW * 1e3 / each)))
    report(workload, sampled(lambda: batch(count)), **work)


def memory():
    found = dict(line.split(":", 1) for line in open("/proc/self/status"))
    mebibytes = lambda key: round(int(found[key].split()[0]) / 1024)
    return {"rss_mb": mebibytes("VmRSS"), "peak_rss_mb": mebibytes("VmHWM")}


# ---- groups

def matmul():
    for size in (256, 512, 1024):
        a, b = rand((size, size), 1), rand((size, size), 2)
        operation(f"matmul{size}", lambda: a @ b, flops=2 * size**3)


def conv(backward):
    for batch, channels, outputs, width in ((64, 1, 32, 28), (64, 32, 64, 14), (8, 64, 64, 56)):
        x = rand((batch, channels, width, width), 3).requires_grad_(backward)
        w = rand((outputs, channels, 3, 3), 4).requires_grad_(backward)
        dy = rand((batch, outputs, width, width), 5)
        once = 2 * batch * outputs * width**2 * channels * 9
        name = f"conv{channels}-{outputs}-{width}"
        if backward:
            operation(f"{name}-bwd", lambda: torch.autograd.grad(F.conv2d(x, w, padding=1), (x, w), dy), flops=3 * once)
        else:
            operation(f"{name}-fwd", lambda: F.conv2d(x, w, padding=1), flops=once)


def elementwise():
    x = rand((2**24,), 6)
    operation("elementwise16M", lambda: torch.relu(x * 2 + 1) * 3, moved=8 * 2**24)
    operation("sum16M", lambda: x.sum(), moved=4 * 2**24)
    logits = rand((4096, 1000), 7)
    operation("softmax4096x1000", lambda: torch.softmax(logits, 1), moved=8 * 4096 * 1000)


def dispatch():
    a, b = rand((64,), 1), torch.ones(64)

    def run():
        start = time.perf_counter()
        x = a
        for _ in range(1000):
            x = x + b
        x.tolist()
        return (time.perf_counter() - start) * 1e3

    run()
    report("dispatch1000", sampled(run))


def attention():
    shape = (4, 8, 256, 64)
    q, k, v = (rand(shape, seed) for seed in (11, 12, 13))
    dy = rand(shape, 14)
    hidden = torch.ones(256, 256, dtype=torch.bool).triu(1)

    def plain(q, k, v, causal):  # what tutorials write; PyTorch 2 has a function of its own
        if hasattr(F, "scaled_dot_product_attention"):
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        scores = q @ k.transpose(-2, -1) / 8
        return torch.softmax(scores.masked_fill(hidden, float("-inf")) if causal else scores, -1) @ v

    flops = 4 * q.numel() * 256
    for causal in (False, True):
        name = f"attention256x64{'-causal' if causal else ''}"
        operation(f"{name}-fwd", lambda: plain(q, k, v, causal), flops=flops)
        leaves = [t.clone().requires_grad_() for t in (q, k, v)]
        operation(f"{name}-bwd", lambda: torch.autograd.grad(plain(*leaves, causal), leaves, dy), flops=3 * flops)


def layer_norm():
    x, dy = rand((4096, 512), 15), rand((4096, 512), 16)
    scale, shift = rand((512,), 17), rand((512,), 18)
    moved = 8 * x.numel()
    operation("layernorm4096x512-fwd", lambda: F.layer_norm(x, (512,), scale, shift), moved=moved)
    leaves = [t.clone().requires_grad_() for t in (x, scale, shift)]
    operation("layernorm4096x512-bwd", lambda: torch.autograd.grad(F.layer_norm(leaves[0], (512,), *leaves[1:]), leaves, dy), moved=2.5 * moved)


def adam():
    parameters = [nn.Parameter(rand((1000, 3125), 20 + i, 0.1)) for i in range(8)]
    for i, p in enumerate(parameters):
        p.grad = rand(p.shape, 30 + i, 0.1)
    optimizer = torch.optim.Adam(parameters)
    operation("adam25M", optimizer.step, moved=28 * 25e6)


def training(name, batch, rule="sgd", only_first=""):
    if name.startswith("resnet") and not torchvision:
        return
    step = trainer(name, batch, rule, 0.01 if rule == "sgd" else 1e-3)
    loss = 0.0

    def block(steps):
        nonlocal loss
        start = time.perf_counter()
        for _ in range(steps - 1):
            step()
        loss = step().item()
        return (time.perf_counter() - start) * 1e3 / steps

    called = f"{MODELS[name][2]}-{{}}-b{batch}{'-adam' if rule == 'adam' else ''}"
    ending = f"-{only_first}" if only_first else ""
    report(called.format("first-step") + ending, [block(1)], loss=rounded(loss))
    if only_first:
        return
    block(1)
    once = block(1)
    steps = max(1, min(STEPS, int(budget * 1e3 / 3 / once)))
    times = [once] if once > budget * 1e3 else sampled(lambda: block(steps))
    report(called.format("step"), times, samples=batch, loss=rounded(loss))
    emit(called.format("memory"), **memory())


@torch.no_grad()
def inference(batch):
    if not torchvision:
        return
    model, x = make("resnet18").eval(), rand((batch, 3, 224, 224), 8)
    operation(f"resnet18-inference-b{batch}", lambda: model(x), samples=batch)


def rate(workload, dataset, batch, workers):
    rates = []
    for _ in range(3):
        loader = torch.utils.data.DataLoader(dataset, batch, shuffle=True, num_workers=workers)
        start = time.perf_counter()
        seen = sum(len(y) for _, y in loader)
        rates.append(seen / (time.perf_counter() - start))
    emit(workload, samples_per_s=round(max(rates)))


def load_mnist():
    """torchvision's MNIST on files of noise: what is in an image costs nothing here."""
    if not torchvision:
        return
    from torchvision import datasets, transforms as T
    with tempfile.TemporaryDirectory() as root:
        raw = f"{root}/MNIST/raw"
        os.makedirs(raw)
        for split, count in (("train", 60000), ("t10k", 1)):
            with open(f"{raw}/{split}-images-idx3-ubyte", "wb") as file:
                file.write(struct.pack(">4i", 2051, count, 28, 28) + np.random.default_rng(1).bytes(count * 784))
            with open(f"{raw}/{split}-labels-idx1-ubyte", "wb") as file:
                file.write(struct.pack(">2i", 2049, count) + bytes(i % 10 for i in range(count)))
        normal = T.Compose([T.ToTensor(), T.Normalize((0.1307,), (0.3081,))])
        dataset = datasets.MNIST(root, train=True, transform=normal)
        for workers in (0, 2):
            rate(f"loader-mnist-w{workers}-b64", dataset, 64, workers)


MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def load_jpeg():
    if not torchvision or not images:
        return
    from torchvision import datasets, transforms as T
    steps = T.Compose([T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize(MEAN, STD)])
    folder = datasets.ImageFolder(images, transform=steps)
    dataset = torch.utils.data.ConcatDataset([folder] * math.ceil(1600 / len(folder)))
    for workers in (0, 2):
        rate(f"loader-jpeg-w{workers}-b32", dataset, 32, workers)


def augment():
    if not torchvision:
        return
    from torchvision import transforms as T
    shape = (32, 3, 256, 256)
    x = torch.floor(128 + 127 * rand(shape, 40)).to(torch.uint8)

    steps = T.Compose([
        T.RandomResizedCrop(224, scale=(0.7, 0.7), ratio=(1, 1)), T.RandomHorizontalFlip(),
        T.ConvertImageDtype(torch.float32), T.Normalize(MEAN, STD)])
    operation("augment32x256", lambda: steps(x), samples=32)


GROUPS = {
    "matmul": matmul,
    "conv": lambda: conv(False),
    "convbwd": lambda: conv(True),
    "elem": elementwise,
    "dispatch": dispatch,
    "attention": attention,
    "layernorm": layer_norm,
    "adam25m": adam,
    "mlp128": lambda: training("mlp", 128),
    "alexnethead": lambda: training("alexnet-head", 16),
    "lenet64": lambda: training("lenet", 64),
    "cnn64": lambda: training("cnn", 64),
    "cnn64adam": lambda: training("cnn", 64, "adam"),
    "cnn256": lambda: training("cnn", 256),
    "cold": lambda: training("cnn", 64, only_first="cold"),
    "warm": lambda: training("cnn", 64, only_first="warm"),
    "resnetcifar": lambda: training("resnet18-cifar", 32),
    "resnet1": lambda: inference(1),
    "resnet16": lambda: inference(16),
    "loader": load_mnist,
    "jpeg": load_jpeg,
    "transforms": augment,
}


def expected():
    """In double precision, from the float32 data."""
    global dtype
    dtype = torch.float64
    cases = (("mlp", 4, "sgd", 0.05), ("cnn", 4, "sgd", 0.05), ("cnn", 4, "adam", 0.001),
             ("lenet", 4, "sgd", 0.05), ("resnet18-cifar", 2, "sgd", 0.001))
    for name, batch, rule, lr in cases:
        step = trainer(name, batch, rule, lr)
        losses = [float(f"{step().item():.8g}") for _ in range(4)]
        print(json.dumps({"model": name, "batch": batch, "rule": rule, "lr": lr, "losses": losses}))
    with torch.no_grad():
        logits = make("resnet18").eval()(rand((1, 3, 224, 224), 8))[0, :8]
    print(json.dumps([float(f"{v:.8g}") for v in logits.tolist()]))


if sys.argv[1] == "--version":
    print(torch.__version__)
elif sys.argv[1] == "expected":
    expected()
else:
    group, budget = sys.argv[1], float(sys.argv[2]) / 1e3
    images = sys.argv[3] if len(sys.argv) > 3 else None  # a folder of JPEG files
    torch.set_num_threads(os.cpu_count())
    if group in GROUPS:
        GROUPS[group]()
