// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// How processes that share a training are started.
struct RanksProgram {
    std::filesystem::path mpirun;
    std::filesystem::path program; ///< gradwright-cli
    std::vector<std::string> arguments = {};
};

/// Open MPI's mpirun, the first on $PATH; nothing where there is none.
std::optional<std::filesystem::path> findMpirun();

/// Why no processes can be started here: a sentence that says what to install. Empty where they
/// can.
std::string whyNoProcesses();

/// mpirun and the gradwright-cli in the folder of the running program. Throws Error that says what
/// is missing.
RanksProgram installedRanks();

/// The words of the command line that starts so many processes: with more of them than processors
/// if need be, none bound to a processor, and also where the user is root.
std::vector<std::string> ranksCommand(const RanksProgram& program, int count);

/// What became of a process, as mpirun tells it: "Rank 1 was ended by signal 9 (Killed)." Nothing
/// where it does not.
std::optional<std::string> endOfRank(const std::string& output);

/// What the processes and mpirun say is wrong, for people: the first message of gradwright-cli,
/// else the last lines of mpirun. Empty where they say nothing.
std::string complaintOf(const std::string& output);

} // namespace gradwright
