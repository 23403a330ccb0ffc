// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace gradwright {

/// A new project whose data set is a file or folder of the user's (see dataFrom()), with a network
/// that is ready to be trained on it, chosen by task and size:
///  - tables: a multilayer perceptron, ending in a Softmax for classes and in plain numbers for
///    values; images that a column names get convolutions of their own, joined with the other
///    columns;
///  - gray images of 12 to 40 px a side: LeNet-5 (LeCun et al. 1998); smaller ones: a multilayer
///    perceptron; larger ones and colours: a small convolutional network of 3×3 convolutions and
///    max pooling down to 8 px, with global average pooling at its end;
///  - texts: an LSTM that predicts the next character.
/// Epochs follow from the number of samples: about 2,000 steps in all, 5 to 200 epochs; so does the
/// L2 penalty of tables, which is a prior on the weights that counts the less the more samples
/// speak. `adjust` may change what was detected of the data before a network is chosen for them.
/// Throws Error naming file, place and what would be right.
Project projectForData(const std::filesystem::path& path,
                       const std::function<void(DataChoice&)>& adjust = {});
/// The same for files that are named together; the project is called as the first one is.
Project projectForData(const std::vector<std::filesystem::path>& files,
                       const std::function<void(DataChoice&)>& adjust = {});

/// What makes the network's ends fit the data: the shape of the only Input, the vocabulary of the
/// Embedding behind it, the units of the last Dense layer, and for the only objective a loss for
/// classes or for values, without a Softmax in front of values; and image folders are scaled as the
/// project's first weights expect it, unless they say otherwise. An empty group where all fits, and
/// where there are several Inputs or Outputs, which only their user can assign.
ProjectEdit fitToData(const Project& project, const DataInfo& data);

/// What the data are and what is predicted of them, as a sentence: "Predicts species (3 classes)
/// from 4 columns."
std::string describeTask(const DataChoice& choice, const DataInfo& data);

} // namespace gradwright
