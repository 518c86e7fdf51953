#!/usr/bin/env python3
"""Makes digits.h5, the built-in example, from scikit-learn's digits.csv.gz (64 pixel values 0 .. 16, label last).

Usage: make_digits.py path/to/digits.csv.gz [digits.h5]
"""
import gzip
import sys

import h5py
import numpy as np

SEED = 1
PARTS = {"train": 1257, "valid": 180, "test": 360}
SOURCE = "UCI handwritten digits, E. Alpaydin and C. Kaynak, via scikit-learn"
LICENCE = "CC BY 4.0"


def read(path):
    with gzip.open(path, "rt") as text:
        table = np.loadtxt(text, delimiter=",")
    return table[:, :64].reshape(-1, 8, 8).astype(np.uint8), table[:, 64].astype(np.uint8)


def apportion(total, sizes):
    """Apportions `total` samples in proportion to `sizes`, by largest remainder."""
    exact = total * sizes / sizes.sum()
    shares = np.floor(exact).astype(int)
    largest = np.argsort(shares - exact, kind="stable")[: total - shares.sum()]
    shares[largest] += 1
    return shares


def split(labels):
    """Returns shuffled indices of each part, with the class proportions of the whole."""
    generator = np.random.RandomState(SEED)
    by_class = [generator.permutation(np.flatnonzero(labels == c)) for c in range(10)]
    sizes = np.array([len(members) for members in by_class])
    begins = np.zeros(10, dtype=int)
    indices = {}
    for part, total in PARTS.items():
        counts = sizes - begins if part == "test" else apportion(total, sizes)
        chosen = [m[b : b + n] for m, b, n in zip(by_class, begins, counts)]
        indices[part] = generator.permutation(np.concatenate(chosen))
        begins += counts
        assert len(indices[part]) == total
    return indices


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    images, labels = read(sys.argv[1])
    with h5py.File(sys.argv[2] if len(sys.argv) == 3 else "digits.h5", "w", libver="earliest") as file:
        file.attrs["source"] = SOURCE
        file.attrs["licence"] = LICENCE
        for part, chosen in split(labels).items():
            settings = {"compression": "gzip", "compression_opts": 9, "track_times": False}
            file.create_dataset(f"x_{part}", data=images[chosen], chunks=(len(chosen), 8, 8), **settings)
            file.create_dataset(f"y_{part}", data=labels[chosen], track_times=False)


if __name__ == "__main__":
    main()
