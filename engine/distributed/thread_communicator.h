// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"

#include <memory>
#include <vector>

namespace gradwright {

/// Members that are threads of this process, by rank; each thread takes one.
std::vector<std::unique_ptr<Communicator>> makeThreadCommunicators(int size);

} // namespace gradwright
