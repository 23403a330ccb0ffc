// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one of the planted kernels. Built with ThreadSanitizer: the tests expect its report, or
// none.
#include "tests/standin/planted.h"
#include "tests/standin/planted_tensor.h"
#include "tests/standin/standin_rig.h"

#include <cstdio>
#include <string_view>

using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

namespace {

bool runKernel(std::string_view name) {
    Rig rig;
    const auto reals = rig.upload(std::vector<float>(512, 1.0F));
    const auto more = rig.upload(std::vector<double>(5 * 64));
    const auto numbers = rig.upload(std::vector<std::uint32_t>(128));
    const auto largest = rig.upload(std::vector<std::int32_t>(1));
    auto* values = Rig::pointer(reals);
    auto* words = Rig::pointer<std::uint32_t>(numbers);
    if (name == "reverseInBlock")
        rig.launch(kernel::reverseInBlock, {{2}, {256}}, values);
    else if (name == "missingBarrier")
        rig.launch(kernel::missingBarrier, {{2}, {256}}, values);
    else if (name == "rotateInBlock")
        rig.launch(kernel::rotateInBlock, {{2}, {256}}, values, 3);
    else if (name == "missingSecondBarrier")
        rig.launch(kernel::missingSecondBarrier, {{2}, {256}}, values, 3);
    else if (name == "countAtomically")
        rig.launch(kernel::countAtomically, {{3}, {64}}, words, values,
                   Rig::pointer<std::int32_t>(largest));
    else if (name == "warpFunctions")
        rig.launch(kernel::warpFunctions, {{1}, {64}}, Rig::pointer<double>(more), words);
    else if (name == "addWithoutAtomics")
        rig.launch(kernel::addWithoutAtomics, {{3}, {64}}, values);
    else if (name == "rotateByCopies")
        rig.launch(kernel::rotateByCopies, {{2}, {128}}, values, 5);
    else if (name == "copiesWithoutBarrier")
        rig.launch(kernel::copiesWithoutBarrier, {{2}, {128}}, values, 5);
    else if (name == "copiesOverReaders")
        rig.launch(kernel::copiesOverReaders, {{2}, {128}}, values, 5);
    else
        return false;
    rig.stream().synchronize();
    return true;
}

} // namespace

int main(int argc, char** argv) {
    gradwrightAdd_planted();
    gradwrightAdd_plantedTensor();
    if (argc != 2 || !runKernel(argv[1]))
        return 1;
    std::puts("finished");
    return 0;
}
