# SPDX-License-Identifier: GPL-3.0-or-later
# Packages by what they are for; the names are those of Debian 12, Debian 13 and Ubuntu 24.04.
# Read by ./dev (bash). A group whose folder is not in the source tree yet is not asked for.
# shellcheck shell=bash disable=SC2034

# Compiler, build tools and the libraries of the engine and the terminal program.
# libdnnl-dev's CMake files look for OpenCL, which they do not bring themselves.
packages_build=(
    g++ cmake ninja-build pkgconf
    libdnnl-dev ocl-icd-opencl-dev opencl-headers
    libfmt-dev nlohmann-json3-dev libcli11-dev
    zlib1g-dev libpng-dev libjpeg-dev libprotobuf-dev protobuf-compiler libeigen3-dev
    libwebp7 libtiff6    # opened when an image needs them
    libsvm3 liblinear4   # opened when a classical method needs them
)

# The window.
packages_gui=(qt6-base-dev qt6-svg-dev qt6-wayland libqcustomplot-dev)

# The tests: Qt Test, ONNX's node tests, the images of two templates, processes that train together, and once there is a window a font for drawing off screen
# and what a test with a screen reader's eyes runs on: a display, a session bus, AT-SPI's registry.
packages_test=(qt6-base-dev libonnx-dev libonnx-testdata dataset-fashion-mnist openmpi-bin)
packages_test_gui=(fonts-dejavu-core xvfb dbus-daemon at-spi2-core)

# Single commands of ./dev.
packages_format=(clang-format)
packages_lint=(clang-format clang-tidy)
packages_tsan=(clang libomp-dev)
packages_package=(dpkg-dev file lintian)
packages_accuracy=(python3 dataset-fashion-mnist)
packages_peers=(python3 python3-venv)
packages_start=(xdotool)
