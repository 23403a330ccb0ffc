// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/training/settings.h"

class QLabel;

namespace gradwright {

class ParamForm;

/// Says beneath the settings what keeps several processes from sharing the training, or what is to
/// be known of them; hides the note where there is nothing to say. Several processes can be chosen
/// in `form` only where mpirun is installed.
void noteProcesses(QLabel& note, const ParamForm& form, const TrainingSettings& settings,
                   const DataChoice& data);

} // namespace gradwright
