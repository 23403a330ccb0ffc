// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

namespace gradwright::test {

/// Makes a folder for GRADWRIGHT_RESOURCES that has of MNIST only the first samples, so that an
/// epoch and a test take a moment; all else is found where it is anyway.
void makeSmallMnist(const std::filesystem::path& resources, std::int64_t trainingSamples,
                    std::int64_t testSamples);

} // namespace gradwright::test
