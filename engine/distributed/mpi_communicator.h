// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"

#include <memory>

namespace gradwright {

/// How many processes mpirun or srun has started together with this one, by what they put into the
/// environment (OMPI_COMM_WORLD_SIZE, or SLURM_NTASKS beside PMIX_RANK); 1 where it is alone.
int processesStarted();

/// Joins them, once in the life of a process. The result is used by the thread that calls this, and
/// by others in its place where maySwitchThreads() says so. They part when it is destroyed. Throws
/// Error where Open MPI is missing, and where it does not know of the others. A network's driver
/// that bears a single thread only is spared others by GRADWRIGHT_MPI_THREADS=funneled in the
/// environment (MPI_THREAD_FUNNELED); without it, or with "serialized", several threads may take
/// turns where MPI allows it. Throws Error for any other word.
std::unique_ptr<Communicator> joinMpi();

} // namespace gradwright
