// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

/// Whether a program that was started under this name (argv[0], which may be null) is a worker.
bool isWorkerName(const char* program);

/// The program that trains on GPUs, started by the others through a socket. It alone loads NVIDIA's
/// driver, and may be taken along by it. Returns the exit code.
int workerMain(int argc, char** argv);

} // namespace gradwright
