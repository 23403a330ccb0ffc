// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/inference/inference_session.h"
#include "ui/session/trained_model.h"

#include <QObject>
#include <QString>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gradwright {

/// Something new as the network gets it.
struct PreparedInput {
    Tensor shown; ///< of an image: F32 C×H×W in [0, 1], what a person would see; else empty
    Tensor input; ///< F32 of DataInfo::input, after the data's own preparation
    std::int64_t sample = -1; ///< which one it is, if one of the test set
};

/// Makes an input for data of this kind; called on a thread of the reader's. Throws Error with the
/// reason where that is not possible.
using PrepareInput = std::function<PreparedInput(const DataInfo&)>;

/// A sample of a source, as it is.
PrepareInput inputOfSample(std::shared_ptr<const DataSource> source, std::int64_t sample);

/// A row of a table that was filled in, a text per column of the data, prepared as tableInputs()
/// prepares the rows of files.
PrepareInput inputOfRow(std::vector<std::string> cells);

/// Reads what a person enters with a trained model, while it is entered. A thread of its own
/// prepares the input, another computes; of inputs that come meanwhile only the latest is read.
/// Answers are signals on the GUI thread.
class LiveReader : public QObject {
    Q_OBJECT

public:
    explicit LiveReader(QObject* parent = nullptr);
    ~LiveReader() override;

    /// Without a model inputs are only prepared.
    void setModel(std::shared_ptr<const TrainedModel> model);
    [[nodiscard]] const std::shared_ptr<const TrainedModel>& model() const { return model_; }

    void read(PrepareInput prepare);
    void read(GrayImage drawing);

Q_SIGNALS:
    void prepared(const gradwright::PreparedInput& input);
    void answered(const gradwright::InferenceAnswer& answer);
    /// The input or the model was no good: the reason.
    void failed(const QString& reason);

private:
    void work(const std::stop_token& stop);
    void prepare(const PrepareInput& prepare);
    void retire(std::shared_ptr<InferenceSession> session);

    std::shared_ptr<const TrainedModel> model_; ///< of the GUI thread
    int network_ = 0; ///< counts networks: answers of the one before come too late
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<PrepareInput> waiting_;
    DataInfo info_;
    std::shared_ptr<InferenceSession> session_;
    std::thread retiring_; ///< ends an old session, which may still compute
    std::jthread thread_;  ///< last: it uses all of the above
};

} // namespace gradwright
