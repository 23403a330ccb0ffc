// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/sample_images.h"

#include "ui/session/trained_model.h"

#include <string>

namespace gradwright {

bool readsDrawings(const TrainedModel& model) {
    return areDrawings(model.choice, model.data->info);
}

bool readsDigits(const TrainedModel& model) {
    if (!readsDrawings(model))
        return false;
    if (model.choice.dataset == "mnist")
        return true;
    const auto& classes = model.data->info.classes;
    for (std::size_t i = 0; i < classes.size(); ++i)
        if (classes[i] != std::to_string(i))
            return false;
    return classes.size() == 10;
}

} // namespace gradwright
