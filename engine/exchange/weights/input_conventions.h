// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/weights/weight_plan.h"
#include "engine/project/project.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// How programs prepare the images that their networks were trained with.
struct InputConvention {
    std::string key;   ///< "imagenet"
    std::string title; ///< "ImageNet's mean and deviation"
    std::string doc;
    /// Of values from 0 to 1, in the order red, green, blue; nothing where it is not known.
    std::optional<ChannelScaling> scaling;
    ColourOrder colours = ColourOrder::Rgb;
};

/// "unknown" first.
const std::vector<InputConvention>& inputConventions();
/// Throws Error naming those that exist.
const InputConvention& inputConvention(std::string_view key);

/// What the files that model repositories keep beside their weights say of it.
struct InputHint {
    std::optional<ChannelScaling> scaling;
    std::string file; ///< that says so; empty: none does
};
/// Looks into preprocessor_config.json (Hugging Face) and config.json (timm) in the folder of the
/// weights. What is no such file, or says nothing of it, is passed over.
InputHint inputHintBeside(const std::filesystem::path& weights);

/// The scaling as words: "mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225".
std::string toString(const ChannelScaling& scaling);

/// Lets the project's images be prepared like those that its first weights were trained with, where
/// its data set can be, and keeps in the project how that is. Returns what to tell of it, a
/// sentence. Throws Error where the network takes another number of channels.
std::string prepareInputs(Project& project, const std::optional<ChannelScaling>& scaling);

} // namespace gradwright
