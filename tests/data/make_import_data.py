#!/usr/bin/env python3
"""Makes tests/data/import/: small files written by Pillow and NumPy, and what these libraries read from them.

    python3 tests/data/make_import_data.py

Needs numpy and Pillow. The files are in the tree: run it only to change them. What Pillow does not write (16 bits,
interlaced) is put together here from the PNG specification.
"""
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent / "import"
rng = np.random.default_rng(7)


def smooth(height, width, channels):
    """Different waves in every channel, so that rotating, mirroring and swapping show."""
    row, column = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(0.4 * row + 0.9 * c) + 37 * np.cos(0.3 * (c + 1) * column) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def write_png(path, bits, colour_type, height, width, data, interlaced=0):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data))
                     + chunk(b"IEND", b""))


def lines(rows):
    return b"".join(b"\0" + row.tobytes() for row in rows)  # filter 0: none


def interlaced_lines(pixels):
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = (pixels[row::rows, column::columns] for row, column, rows, columns in passes)
    return b"".join(lines(part) for part in parts if part.size)


def over_black(image):
    image = image.convert("RGBA")
    black = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return np.asarray(Image.alpha_composite(black, image).convert("RGB"))


def exif(orientation, order):
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    first = struct.pack(order + "HHIHH", 0x0100, 3, 1, 8, 0)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + mark + struct.pack(order + "IH", 8, 2) + first + entry + struct.pack(order + "I", 0)


def make_images():
    expected = {}
    rgb = Image.fromarray(smooth(6, 5, 3))
    noise = rng.integers(0, 256, (6, 5, 4), dtype=np.uint8)
    pngs = {
        "rgb.png": rgb,
        "grey.png": Image.fromarray(smooth(6, 5, 1)[..., 0]),
        "one_bit.png": Image.fromarray(noise[..., 0] > 127),
        "palette.png": rgb.quantize(16),
        "rgba.png": Image.fromarray(noise),
        "grey_alpha.png": Image.fromarray(noise[..., :2], "LA"),
    }
    for name, image in pngs.items():
        image.save(FOLDER / name)
        plain = image.convert("L" if image.mode in "1L" else "RGB")
        expected[name] = np.asarray(plain) if image.mode in ("1", "L", "RGB", "P") else over_black(image)
    expected["grey_alpha.png"] = expected["grey_alpha.png"][..., 0]
    clear = rgb.quantize(16)
    clear.save(FOLDER / "palette_clear.png", transparency=3)
    expected["palette_clear.png"] = over_black(Image.open(FOLDER / "palette_clear.png"))

    wide = rng.integers(0, 65536, (6, 5, 3), dtype=np.uint16)
    write_png(FOLDER / "rgb16.png", 16, 2, 6, 5, lines(wide.astype(">u2")))
    expected["rgb16.png"] = np.floor(wide * (255 / 65535) + 0.5).astype(np.uint8)
    write_png(FOLDER / "grey16.png", 16, 0, 6, 5, lines(wide[..., 0].astype(">u2")))
    expected["grey16.png"] = expected["rgb16.png"][..., 0]
    large = smooth(17, 23, 3)
    write_png(FOLDER / "interlaced.png", 8, 2, 17, 23, interlaced_lines(large), interlaced=1)
    assert (np.asarray(Image.open(FOLDER / "interlaced.png")) == large).all()
    expected["interlaced.png"] = large

    big = Image.fromarray(smooth(20, 18, 3))
    big.save(FOLDER / "full.jpg", quality=90, subsampling=0)
    big.save(FOLDER / "halved.jpg", quality=90, subsampling=2)
    big.save(FOLDER / "progressive.jpg", quality=90, progressive=True)
    big.convert("L").save(FOLDER / "grey.jpg", quality=90)
    for name in ("full.jpg", "halved.jpg", "progressive.jpg", "grey.jpg"):
        expected[name] = np.asarray(Image.open(FOLDER / name))
    Image.fromarray(noise, "CMYK").save(FOLDER / "cmyk.jpg")
    for orientation in range(1, 9):
        name = f"orientation_{orientation}.jpg"
        turned = Image.fromarray(smooth(8, 6, 1)[..., 0])
        turned.save(FOLDER / name, quality=95, exif=exif(orientation, "<>"[orientation % 2]))
        expected[name] = np.asarray(ImageOps.exif_transpose(Image.open(FOLDER / name)))
    rgb.save(FOLDER / "really_gif.png", format="GIF")

    with open(FOLDER / "images.txt", "w") as out:
        for name, values in expected.items():
            write_values(out, name, values)


def make_scaled():
    """How Pillow resizes interlaced.png, 17 x 23 pixels."""
    source = Image.open(FOLDER / "interlaced.png")
    bilinear = Image.Resampling.BILINEAR
    with open(FOLDER / "scaled.txt", "w") as out:
        for height, width in ((8, 8), (5, 14), (16, 7), (25, 19), (1, 1)):
            size = (width, height)
            write_values(out, "crop", np.asarray(ImageOps.fit(source, size, bilinear)))
            write_values(out, "stretch", np.asarray(source.resize(size, bilinear)))
            fitted = ImageOps.contain(source, size, bilinear)
            padded = Image.new("RGB", size)
            padded.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
            write_values(out, "pad", np.asarray(padded))


def make_arrays():
    arrays = {
        "float32.npy": rng.normal(size=(5, 3)).astype("<f4"),
        "float64_fortran.npy": np.asfortranarray(rng.normal(size=(5, 3, 2))),
        "float16.npy": np.array([0, -0.0, 1.5, 65504, -6e-8, 6.1e-5, np.inf, -np.inf, 0.1], "<f2"),
        "float64_big.npy": rng.normal(size=(5, 2)).astype(">f8"),
        "int16_big.npy": np.array([[1, -2], [300, -32768], [32767, 0]], ">i2"),
        "int32_fortran_big.npy": np.asfortranarray(rng.integers(-2**31, 2**31, (4, 3)).astype(">i4")),
        "int8.npy": np.array([1, -128, 127], "i1"),
        "uint8.npy": rng.integers(0, 256, (3, 2, 2, 1), dtype=np.uint8),
        "uint16.npy": np.array([0, 65535], "<u2"),
        "uint32.npy": np.array([0, 2**32 - 1], "<u4"),
        "int64.npy": np.array([-2**52, 2**52], "<i8"),
        "uint64.npy": np.array([2**53, 7], "<u8"),
        "bool.npy": np.array([True, False, True]),
    }
    with open(FOLDER / "arrays.txt", "w") as out:
        for name, values in arrays.items():
            np.save(FOLDER / name, values)
            write_values(out, name, values)
        for version in (2, 3):
            with open(FOLDER / f"version{version}.npy", "wb") as file:
                np.lib.format.write_array(file, arrays["float32.npy"], version=(version, 0))
            write_values(out, f"version{version}.npy", arrays["float32.npy"])
    np.save(FOLDER / "complex.npy", np.array([1j, 2]))
    np.save(FOLDER / "text.npy", np.array(["cat", "dog"]))
    np.save(FOLDER / "object.npy", np.array([None, 1], dtype=object), allow_pickle=True)
    np.save(FOLDER / "record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
    np.save(FOLDER / "scalar.npy", np.float64(3))
    make_archives()


def make_archives():
    """Arrays whose values follow from their positions: x[i, j, k] = 100 i + 10 j + k, y[i] = i % 3."""
    def x(rows, dtype="<f4"):
        return np.fromfunction(lambda i, j, k: 100 * i + 10 * j + k, (rows, 4, 3)).astype(dtype)

    def y(rows):
        return (np.arange(rows) % 3).astype("<i8")

    parts = dict(x_train=x(7), y_train=y(7), x_test=x(5, ">i2"), y_test=y(5).astype("u1"))
    np.savez(FOLDER / "stored.npz", **parts)
    np.savez_compressed(FOLDER / "deflated.npz", **parts)
    np.savez_compressed(FOLDER / "fortran.npz", images=np.asfortranarray(x(7)), labels=y(7)[:, None])


def make_netcdf():
    """Classic NetCDF files by netCDF4, whose values follow from their positions; records are padded where there are
    several variables in them, and are not in single.nc."""
    import netCDF4

    def at(*extents):
        return sum(np.indices(extents)[d] * 10 ** (len(extents) - 1 - d) for d in range(len(extents)))

    for name, version in ("classic", "NETCDF3_CLASSIC"), ("offset", "NETCDF3_64BIT_OFFSET"), ("cdf5", "NETCDF3_64BIT_DATA"):
        with netCDF4.Dataset(FOLDER / f"{name}.nc", "w", format=version) as file:
            for dimension, length in {"t": None, "y": 2, "x": 3, "len": 4}.items():
                file.createDimension(dimension, length)
            file.title = "a test"
            file.createVariable("a", "i2", ("t", "y"), fill_value=-9)[:5] = at(5, 2)
            file["a"].scale_factor = 0.5
            file["a"].set_auto_scale(False)
            file["a"][:] = at(5, 2)
            file.createVariable("b", "i1", ("t", "x"))[:] = at(5, 3)
            file.createVariable("t", "f8", ("t",))[:] = np.arange(5) / 4
            file["t"].units = "days since 2001-01-01"
            file.createVariable("k", "S1", ("t", "len"))[:] = netCDF4.stringtochar(np.array(["ab", "c", "abcd", "", "ab"], "S4"))
            file.createVariable("x", "f4", ("x",))[:] = [1.5, 2.5, 3.5]
            file.createVariable("s", "i4")[...] = 7
            if version == "NETCDF3_64BIT_DATA":
                file.createVariable("u", "u8", ("t",))[:] = np.arange(5, dtype="u8") + 2**63
    with netCDF4.Dataset(FOLDER / "single.nc", "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("t", None)
        file.createDimension("x", 3)
        file.createVariable("b", "i1", ("t", "x"))[:] = at(5, 3)


def write_values(out, name, values):
    numbers = " ".join(repr(float(v)) if values.dtype.kind == "f" else str(int(v)) for v in values.flatten())
    shape = " ".join(str(extent) for extent in values.shape)
    out.write(f"{name} {values.ndim} {shape} {numbers}\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make_images()
    make_scaled()
    make_arrays()
    make_netcdf()
