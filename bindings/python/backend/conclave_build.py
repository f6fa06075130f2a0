"""The build backend: maturin, shown the way to the generator of the bindings.

maturin looks for a program `uniffi-bindgen` in the workspace, finds it in the package conclave-bindgen, and starts it with
`cargo run --bin uniffi-bindgen`, which cargo refuses since that package is not the one that it runs by default. So it is given
a `cargo` (the script beside this file) that names the package.
"""

import os
import shutil
from pathlib import Path

import maturin


def get_requires_for_build_wheel(config_settings=None):
    return maturin.get_requires_for_build_wheel(config_settings)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _put_cargo_in_front()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def _put_cargo_in_front():
    cargo = shutil.which("cargo")
    if cargo is None:
        raise SystemExit("cargo is missing: install Rust, from https://rustup.rs")
    os.environ["CONCLAVE_CARGO"] = cargo
    os.environ["PATH"] = str(Path(__file__).parent) + os.pathsep + os.environ["PATH"]
