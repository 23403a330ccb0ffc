// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/worker/worker_main.h"

#include "engine/backend/cuda/copies.h"
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/images.h"
#include "engine/check/check.h"
#include "engine/support/version.h"
#include "engine/worker/worker.h"
#include "engine/worker/worker_process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace gradwright {
namespace {

bool hasSocket() {
    struct stat info {};
    return fstat(kWorkerSocket, &info) == 0 && S_ISSOCK(info.st_mode);
}

} // namespace

bool isWorkerName(const char* program) {
    return program && std::filesystem::path(program).filename() == "gradwright-worker";
}

int workerMain(int argc, char** argv) {
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
    const auto make = [](int ordinal) -> std::shared_ptr<const Backend> {
        return cuda::makeCudaBackend(*cuda::findDriver().driver, ordinal, cuda::images());
    };
    const auto copies = [](int ordinal) {
        return cuda::measureCopies(*cuda::findDriver().driver, ordinal);
    };
    const auto check = [](const Backend& backend, const CheckSink& sink) {
        checkBackend(backend, sink);
    };
    return serveWorker(UniqueFd(kWorkerSocket), {findGpus, make, copies, check});
}

} // namespace gradwright
