// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/mpi_library.h"

#include "engine/support/error.h"
#include "engine/support/shared_library.h"

namespace gradwright {
namespace {

constexpr const char* kLibraryName = "libmpi.so.40";

MpiLibrary openedLibrary() {
    // Open MPI's plugins look its symbols up among those of the whole program.
    SharedLibrary library(kLibraryName, SharedLibrary::Symbols::ForAll);
    MpiLibrary mpi;
    library.find("MPI_Init_thread", mpi.initialize);
    library.find("MPI_Finalize", mpi.finalize);
    library.find("MPI_Abort", mpi.abort);
    library.find("MPI_Comm_rank", mpi.rank);
    library.find("MPI_Comm_size", mpi.size);
    library.find("MPI_Comm_set_errhandler", mpi.setErrorHandler);
    library.find("MPI_Error_string", mpi.errorText);
    library.find("MPI_Isend", mpi.send);
    library.find("MPI_Irecv", mpi.receive);
    library.find("MPI_Testsome", mpi.testSome);
    library.find("ompi_mpi_comm_world", mpi.world);
    library.find("ompi_mpi_byte", mpi.byteType);
    library.find("ompi_mpi_errors_return", mpi.returnErrors);
    if (!library.isComplete())
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
