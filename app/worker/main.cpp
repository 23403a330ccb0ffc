// SPDX-License-Identifier: GPL-3.0-or-later
// The program that trains on GPUs, started by the others. It alone loads NVIDIA's driver, and may
// be taken along by it.
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/images.h"
#include "engine/support/brief_spinning.h"
#include "engine/support/version.h"
#include "engine/worker/worker.h"
#include "engine/worker/worker_process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <string_view>

namespace {

bool hasSocket() {
    struct stat info {};
    return fstat(gradwright::kWorkerSocket, &info) == 0 && S_ISSOCK(info.st_mode);
}

} // namespace

int main(int argc, char** argv) {
    using namespace gradwright;
    startWithBriefSpinning(argv);
    if (argc > 1 && std::string_view(argv[1]) == "--version") {
        fmt::print("{}\n", kVersion);
        return 0;
    }
    if (!hasSocket()) {
        fmt::print(stderr,
                   "gradwright-worker: gradwright and gradwright-cli start this program for "
                   "trainings on GPUs; by itself it does nothing\n");
        return 2;
    }
    return serveWorker(UniqueFd(kWorkerSocket),
                       {findGpus, [](int ordinal) {
                            return std::shared_ptr<const Backend>(cuda::makeCudaBackend(
                                *cuda::findDriver().driver, ordinal, cuda::images()));
                        }});
}
