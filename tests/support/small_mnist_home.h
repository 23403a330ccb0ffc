// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/data_files.h"
#include "tests/support/own_home.h"
#include "tests/support/small_mnist.h"

namespace gradwright::test {

/// A home of a test's own, in which MNIST is its first samples alone.
class SmallMnistHome {
public:
    SmallMnistHome(std::int64_t trainingSamples, std::int64_t testSamples) {
        liveIn(QString::fromStdString(folder_.path()));
        makeSmallMnist(folder_ / "resources", trainingSamples, testSamples);
        qputenv("GRADWRIGHT_RESOURCES", (folder_ / "resources").c_str());
    }
    ~SmallMnistHome() { qunsetenv("GRADWRIGHT_RESOURCES"); }
    SmallMnistHome(const SmallMnistHome&) = delete;
    SmallMnistHome& operator=(const SmallMnistHome&) = delete;

    /// The folder, which is gone when the test ends.
    [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return folder_ / name;
    }

private:
    TemporaryFolder folder_;
};

} // namespace gradwright::test
