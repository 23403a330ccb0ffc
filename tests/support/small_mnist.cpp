// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/small_mnist.h"

#include "engine/data/images/idx.h"
#include "tests/support/data_files.h"

#include <string>

namespace gradwright::test {
namespace {

namespace fs = std::filesystem;

/// Copies the first samples of one of MNIST's files.
void copyHead(const fs::path& folder, const std::string& name, std::size_t rank,
              std::int64_t samples) {
    const auto source =
        fs::path(GRADWRIGHT_SOURCE_DIR) / "resources/datasets/mnist" / (name + ".gz");
    auto array = readIdx(source, rank);
    const auto each = static_cast<std::int64_t>(array.values.size()) / array.dims[0];
    array.dims[0] = samples;
    array.values.resize(static_cast<std::size_t>(samples * each));
    constexpr std::uint8_t unsignedByte = 8;
    writeFile(folder / name,
              idx(unsignedByte, {array.dims.begin(), array.dims.end()}, array.values));
}

} // namespace

void makeSmallMnist(const fs::path& resources, std::int64_t trainingSamples,
                    std::int64_t testSamples) {
    const auto mnist = resources / "datasets/mnist";
    fs::create_directories(mnist);
    copyHead(mnist, "train-images-idx3-ubyte", 3, trainingSamples);
    copyHead(mnist, "train-labels-idx1-ubyte", 1, trainingSamples);
    copyHead(mnist, "t10k-images-idx3-ubyte", 3, testSamples);
    copyHead(mnist, "t10k-labels-idx1-ubyte", 1, testSamples);
}

} // namespace gradwright::test
