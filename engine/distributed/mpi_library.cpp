// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/mpi_library.h"

#include "engine/support/error.h"
#include "engine/support/shared_library.h"

namespace gradwright {
namespace {

constexpr const char* kLibraryName = "libmpi.so.40";

MpiLibrary openedLibrary() {
    MpiLibrary mpi;
    // Open MPI's plugins look its symbols up among those of the whole program.
    const bool isComplete = openLibrary(kLibraryName,
                                        {{"MPI_Init_thread", mpi.initialize},
                                         {"MPI_Finalize", mpi.finalize},
                                         {"MPI_Abort", mpi.abort},
                                         {"MPI_Comm_rank", mpi.rank},
                                         {"MPI_Comm_size", mpi.size},
                                         {"MPI_Comm_set_errhandler", mpi.setErrorHandler},
                                         {"MPI_Error_string", mpi.errorText},
                                         {"MPI_Isend", mpi.send},
                                         {"MPI_Irecv", mpi.receive},
                                         {"MPI_Testsome", mpi.testSome},
                                         {"ompi_mpi_comm_world", mpi.world},
                                         {"ompi_mpi_byte", mpi.byteType},
                                         {"ompi_mpi_errors_return", mpi.returnErrors}},
                                        LibraryScope::ForAll);
    if (!isComplete)
        throw Error("This program was started as one of several, and Open MPI's library ({}), by "
                    "which they talk, is not here: install openmpi-bin (Debian), or start it "
                    "without mpirun.",
                    kLibraryName);
    return mpi;
}

} // namespace

const MpiLibrary& MpiLibrary::get() {
    static const MpiLibrary mpi = openedLibrary();
    return mpi;
}

} // namespace gradwright
