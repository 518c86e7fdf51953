#!/usr/bin/env python3
"""Prints the layers of a network, in forward order, for scale_step: name, forward FLOPs per sample, channels that are
normalised over samples, tensor sizes.

    scripts/scale_layers.py resnet50 | resnet50-group-norm | mlp-large

resnet50: He et al. 2016, with the stride in the 3 x 3 convolutions, 224 x 224 x 3, 1,000 classes; a convolution has
no bias, a batch normalisation has two tensors, and so has a group normalisation. mlp-large: 1024-4096-4096-10. A multiply-add counts as 2 FLOPs; work
that is not a product is not counted.
"""
import sys


def convolution(name, inputs, outputs, kernel, extent):
    """extent: of the output, which is square"""
    values = kernel * kernel * inputs * outputs
    return [(name, 2 * values * extent * extent, 0, [values]), (name + ".norm", 0, outputs, [outputs, outputs])]


def resnet50():
    layers = convolution("stem", 3, 64, 7, 112)
    inputs = 64
    for stage, (width, blocks, extent) in enumerate([(64, 3, 56), (128, 4, 28), (256, 6, 14), (512, 3, 7)]):
        for block in range(blocks):
            name = f"stage{stage + 1}.{block}"
            before = extent * 2 if block == 0 and stage > 0 else extent
            layers += convolution(name + ".a", inputs, width, 1, before)
            layers += convolution(name + ".b", width, width, 3, extent)
            layers += convolution(name + ".c", width, 4 * width, 1, extent)
            if block == 0:
                layers += convolution(name + ".skip", inputs, 4 * width, 1, extent)
            inputs = 4 * width
    layers.append(("classes", 2 * inputs * 1000, 0, [inputs * 1000, 1000]))
    check(layers, 25557032, 161, 4.089e9)
    return layers


def resnet50_group_norm():
    return [(name, flops, 0, sizes) for name, flops, _, sizes in resnet50()]


def mlp_large():
    widths = [1024, 4096, 4096, 10]
    layers = [(f"dense{i}", 2 * a * b, 0, [a * b, b]) for i, (a, b) in enumerate(zip(widths, widths[1:]), 1)]
    check(layers, 21020682, 6, 0.021e9)
    return layers


def check(layers, parameters, tensors, products):
    """Against the published sums."""
    assert sum(sum(sizes) for *_, sizes in layers) == parameters
    assert sum(len(sizes) for *_, sizes in layers) == tensors
    assert abs(sum(layer[1] for layer in layers) / 2 / products - 1) < 0.01


def main():
    networks = {"resnet50": resnet50, "resnet50-group-norm": resnet50_group_norm, "mlp-large": mlp_large}
    if len(sys.argv) != 2 or sys.argv[1] not in networks:
        sys.exit(__doc__)
    for name, flops, channels, sizes in networks[sys.argv[1]]():
        print(name, flops, channels, *sizes)


main()
