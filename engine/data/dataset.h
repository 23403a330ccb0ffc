// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/preparation.h"
#include "engine/data/tables/table_column.h"
#include "engine/data/tables/table_reading.h"
#include "engine/data/tables/table_summary.h"
#include "engine/support/input_assignment.h"
#include "engine/support/param.h"
#include "engine/support/unknown_keys.h"
#include "engine/tensor/byte_scaling.h"
#include "engine/tensor/shape.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What the samples of a data set are: a class each, a class at each step (text), or target values
/// each (regression, reconstruction).
struct DataInfo {
    Shape input;                      ///< of one sample after preparation, e.g. 1×28×28
    std::vector<std::string> classes; ///< names by label; none where targets are values
    Preparation preparation;
    /// The shape of one sample's target values; with classes {T} where each of T steps has one,
    /// else of rank 0.
    Shape target{};
    std::vector<std::string> targetNames{}; ///< of the values, where they have names
    std::vector<Scaling> targetScaling{};   ///< what was done to the values; none: nothing
    std::vector<TableColumn> columns{};     ///< what a table's inputs are made from; else none
    bool reconstructs = false;              ///< the target values are the inputs themselves
    InputAssignment assignment{};           ///< of a sample's parts to the network's Inputs
    /// How a table's file was read; nothing for other data, and for runs of versions that did not
    /// note it.
    std::optional<TableReading> reading{};

    [[nodiscard]] bool hasClasses() const { return !classes.empty(); }
    /// The number of labels per sample: 1, or one per step.
    [[nodiscard]] std::int64_t labels() const { return target.rank() == 0 ? 1 : target[0]; }

    bool operator==(const DataInfo&) const = default;
};

/// Samples by number. Immutable and safe to read from several threads at once.
class DataSource {
public:
    virtual ~DataSource() = default;

    [[nodiscard]] virtual std::int64_t size() const = 0;
    /// The shape of one prepared input, e.g. 1×28×28.
    [[nodiscard]] virtual const Shape& shape() const = 0;
    /// Writes the prepared input of a sample; `out` holds exactly the elements of shape().
    virtual void input(std::int64_t index, std::span<float> out) const = 0;
    /// The class of a sample, in 0 … classes - 1; 0 where samples have target values or a class a
    /// step.
    [[nodiscard]] virtual std::int32_t label(std::int64_t index) const = 0;
    /// How many classes a sample has: 1, or one a step.
    [[nodiscard]] virtual std::int64_t labelsPerSample() const { return 1; }
    /// Writes labelsPerSample() classes.
    virtual void labels(std::int64_t index, std::span<std::int32_t> out) const {
        out[0] = label(index);
    }
    /// Whether reading a sample takes so long (a file is decoded) that several threads should share
    /// a batch.
    [[nodiscard]] virtual bool isCostly() const { return false; }
    /// Where inputs are kept as bytes, what these stand for: input() is bytes() scaled. nullptr
    /// where they are not.
    [[nodiscard]] virtual const ByteScaling* byteScaling() const { return nullptr; }
    /// Writes the bytes of a sample's input, as many as shape() has elements. Throws Error where
    /// there is no byteScaling().
    virtual void bytes(std::int64_t index, std::span<std::uint8_t> out) const;
    /// A hint that the bytes of that sample will be asked for soon: what lies in memory in no order
    /// is fetched meanwhile.
    virtual void expect(std::int64_t /*index*/) const {}
    /// The shape of one sample's target values; of rank 0 where samples have a class.
    [[nodiscard]] virtual const Shape& targetShape() const;
    /// Writes the target values of a sample; `out` holds exactly the elements of targetShape().
    /// Throws Error where samples have a class.
    virtual void target(std::int64_t index, std::span<float> out) const;
    /// The row of a table that the sample was made of, a text per column of DataInfo::columns: what
    /// tableInputs() makes of it is input() again, to the bit. A missing value is an empty text, an
    /// image the path of its file. Empty where samples come from elsewhere.
    [[nodiscard]] virtual std::vector<std::string> cells(std::int64_t /*index*/) const {
        return {};
    }
};

struct Split {
    std::vector<std::uint32_t> training;   ///< in the order of the split's own shuffle
    std::vector<std::uint32_t> validation; ///< disjoint from training
};

/// The split of a data set whose opening has needed one.
struct MadeSplit {
    const DataSource* of = nullptr; ///< whose samples they are
    double validationFraction = 0;
    std::uint64_t seed = 0;
    std::int64_t folds = 0, fold = 0;
    Split split; ///< without a limit
};

struct Dataset {
    DataInfo info;
    std::shared_ptr<const DataSource> training;  ///< validation samples are split off from here
    std::shared_ptr<const DataSource> test;      ///< never mixed with training
    std::shared_ptr<const TableSummary> table{}; ///< of the rows to train on; null for no table
    /// What was read, what was left out and why, a line each: "374 rows: 374 used".
    std::vector<std::string> notes{};
    std::shared_ptr<const MadeSplit> split{}; ///< null where none was made; see splitOf()
    /// So many of the last samples of `training` are for training alone; see addedAlwaysParam().
    std::int64_t added = 0;
};

struct DataChoice;

/// The one description of a data set: forms, files and command line are made from it.
struct DatasetDef {
    std::string key;
    std::string title;
    std::string doc;
    std::string origin;
    std::string licence;
    ParamSpecs params;
    /// Reads the data. What is learned from them (means, categories, vocabulary) comes from the
    /// choice's training part alone. Throws Error naming the file when one is absent or broken.
    Dataset (*open)(const Params& params, const DataChoice& choice);
};

/// Every known data set; one line in catalog.cpp each.
const std::vector<DatasetDef>& datasets();
/// Throws Error listing the known keys when there is no such data set.
const DatasetDef& dataset(std::string_view key);

/// Whether its samples come from files that a person chooses.
bool isOfFiles(const DatasetDef& def);

/// What a project says about its data.
struct DataChoice {
    std::string dataset = "mnist";
    ParamValues params{};
    double validationFraction = 0.1; ///< of the training samples, in [0, 1)
    std::uint64_t splitSeed = 1;
    /// Only the first N samples of Split::training, and behind them Dataset::added; 0: all.
    std::int64_t limit = 0;
    ParamValues augmentation{}; ///< of augmentationParams()
    /// The target of a sample is its own input as it is before augmentation, whatever else is known
    /// of it: for autoencoders.
    bool reconstruct = false;
    InputAssignment assignment{}; ///< of a sample's parts to the network's Inputs
    UnknownKeys extra = {};
    /// Files are read as versions read them that kept no Dataset::notes: for their runs.
    bool asBefore = false;
    /// For cross-validation: 0, or the samples are cut into so many parts, of which number `fold`,
    /// counted from 0, is for validation in place of `validationFraction`.
    std::int64_t folds = 0;
    std::int64_t fold = 0;

    bool operator==(const DataChoice&) const = default;
};

/// Whether both open to the same DataInfo but for the assignment, which is no more than copied into
/// it: what is learned from the data depends on which of them are trained on, too.
bool opensAlike(const DataChoice& a, const DataChoice& b);

/// Throws Error with the first value that breaks its rule; reads no file.
void requireValid(const DataChoice& choice);

/// Opens the chosen data set; one that comes with the program is shared with whoever has it open.
/// Throws Error when the key or a parameter is wrong, or a file is.
Dataset openDataset(const DataChoice& choice);
/// The same for a run: a table is read as training read it, whatever it looks like by now. Other
/// data sets are opened as ever.
Dataset openDataset(const DataChoice& choice, const std::optional<TableReading>& like);

/// Splits off round(fraction × samples) for validation, each class in proportion (largest
/// remainder): of MNIST's 60,000 with 0.1, 54,000 and 6,000; samples with target values are one
/// class. Depends on labels, fraction and seed only. Throws Error when a label is out of range or
/// nothing would be left to train on.
Split stratifiedSplit(std::span<const std::int32_t> labels, std::size_t classes,
                      double validationFraction, std::uint64_t seed);
Split stratifiedSplit(const DataSource& source, std::size_t classes, double validationFraction,
                      std::uint64_t seed);

/// Cuts the samples into `folds` parts, each class in proportion, by a shuffle of the seed: every
/// sample is for validation in one of them. Throws Error for fewer than two parts, a fold that is
/// none of them, or fewer samples than parts.
Split foldSplit(std::span<const std::int32_t> labels, std::size_t classes, std::int64_t folds,
                std::int64_t fold, std::uint64_t seed);

/// The split that a choice stands for, its limit applied. Dataset::added samples are all for
/// training, behind the others; the others are split and limited as they would be without them.
Split splitOf(std::span<const std::int32_t> labels, std::size_t classes, const DataChoice& choice);
Split splitOf(const Dataset& dataset, const DataChoice& choice);

} // namespace gradwright
