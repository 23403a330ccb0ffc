// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Open MPI's handles are pointers to these.
struct ompi_communicator_t;
struct ompi_datatype_t;
struct ompi_errhandler_t;
struct ompi_request_t;

namespace gradwright {

/// What is used of Open MPI, versions 4.1 and 5.0, whose binary interface is the same
/// (libmpi.so.40): looked up when the program has been started by mpirun, so that it needs no MPI
/// otherwise, not even to be built. The functions are those of the MPI standard 3.1.
struct MpiLibrary {
    int (*initialize)(int* argc, char*** argv, int required, int* provided) = nullptr;
    int (*finalize)() = nullptr;
    int (*abort)(ompi_communicator_t* members, int status) = nullptr;
    int (*rank)(ompi_communicator_t* members, int* rank) = nullptr;
    int (*size)(ompi_communicator_t* members, int* size) = nullptr;
    int (*setErrorHandler)(ompi_communicator_t* members, ompi_errhandler_t* handler) = nullptr;
    int (*errorText)(int error, char* text, int* length) = nullptr;
    int (*send)(const void* bytes, int count, ompi_datatype_t* type, int to, int tag,
                ompi_communicator_t* members, ompi_request_t** request) = nullptr;
    int (*receive)(void* bytes, int count, ompi_datatype_t* type, int from, int tag,
                   ompi_communicator_t* members, ompi_request_t** request) = nullptr;
    int (*testSome)(int count, ompi_request_t** requests, int* doneCount, int* done,
                    void* statuses) = nullptr;
    ompi_communicator_t* world = nullptr;
    ompi_datatype_t* byteType = nullptr;
    ompi_errhandler_t* returnErrors = nullptr;

    static constexpr int kSuccess = 0;
    static constexpr int kUndefined = -32766; ///< testSome() had no request to test
    static constexpr int kFunneled = 1;       ///< a single thread makes calls
    static constexpr int kSerialized = 2;     ///< one thread at a time makes calls
    static constexpr int kLongestText = 256;

    /// Throws Error that says what to install where the library is missing.
    static const MpiLibrary& get();
};

} // namespace gradwright
