// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/live_reader.h"

#include "engine/data/images/picture_input.h"
#include "engine/data/tables/table.h"
#include "engine/support/error.h"
#include "engine/support/scheduling.h"

#include <QMetaObject>

#include <exception>
#include <utility>
#include <vector>

namespace gradwright {

PrepareInput inputOfSample(std::shared_ptr<const DataSource> source, std::int64_t sample) {
    return [source = std::move(source), sample](const DataInfo& info) {
        std::vector<float> values(static_cast<std::size_t>(source->shape().elements()));
        source->input(sample, values);
        PreparedInput made{{}, Tensor::of<float>(source->shape(), values), sample};
        if (source->shape().rank() == 3)
            made.shown = shownSample(values, source->shape(), info.preparation);
        return made;
    };
}

PrepareInput inputOfRow(std::vector<std::string> cells) {
    return [cells = std::move(cells)](const DataInfo& info) {
        if (cells.size() != info.columns.size())
            throw Error("the row has {} cells, the network reads {} columns", cells.size(),
                        info.columns.size());
        CsvTable row;
        row.file = "This row";
        row.delimiter = ';'; // a decimal comma is understood, too
        for (const auto& column : info.columns)
            row.names.push_back(column.name);
        row.cells = CsvCells(cells);
        row.lines = {1};
        return PreparedInput{{}, Tensor::of<float>(info.input, tableInputs(row, 0, info.columns))};
    };
}

LiveReader::LiveReader(QObject* parent)
    : QObject(parent)
    , thread_([this](const std::stop_token& stop) { work(stop); }) {}

LiveReader::~LiveReader() {
    thread_.request_stop();
    thread_.join();
    if (retiring_.joinable())
        retiring_.join();
}

void LiveReader::setModel(std::shared_ptr<const TrainedModel> model) {
    const bool sameNetwork = model && model_ && model->takesWeights() && model_->takesWeights() &&
                             session_ && model->run == model_->run &&
                             model->choice == model_->choice;
    model_ = std::move(model);
    if (sameNetwork) {
        session_->setWeights(model_->weights);
        return;
    }
    std::shared_ptr<InferenceSession> session;
    const auto sink = [this, network = network_ + 1](const InferenceAnswer& answer) {
        QMetaObject::invokeMethod(
            this,
            [this, network, answer] {
                if (network != network_)
                    return;
                if (answer.error.empty())
                    Q_EMIT answered(answer);
                else
                    Q_EMIT failed(QString::fromStdString(answer.error));
            },
            Qt::QueuedConnection);
    };
    if (model_ && model_->answers)
        session = std::make_shared<InferenceSession>(*model_->answers, sink);
    else if (model_ && model_->optimized)
        session = std::make_shared<InferenceSession>(model_->optimized, sink, model_->target);
    else if (model_)
        session = std::make_shared<InferenceSession>(model_->graph, model_->weights, sink,
                                                     model_->target);
    ++network_;
    {
        const std::lock_guard lock(mutex_);
        std::swap(session_, session);
        info_ = model_ ? model_->data->info : DataInfo{};
    }
    retire(std::move(session));
}

void LiveReader::retire(std::shared_ptr<InferenceSession> session) {
    if (!session)
        return;
    if (retiring_.joinable())
        retiring_.join();
    retiring_ = std::thread([old = std::move(session)]() mutable { old.reset(); });
}

void LiveReader::read(PrepareInput prepare) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = std::move(prepare);
    }
    changed_.notify_one();
}

void LiveReader::read(GrayImage drawing) {
    read([drawing = std::move(drawing)](const DataInfo& info) {
        auto picture = prepareDrawing(drawing, info);
        return PreparedInput{std::move(picture.shown), std::move(picture.input)};
    });
}

void LiveReader::work(const std::stop_token& stop) {
    setScheduling(Scheduling::Responsive);
    for (;;) {
        PrepareInput next;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return waiting_.has_value(); }))
                return;
            next = std::move(*waiting_);
            waiting_.reset();
        }
        prepare(next);
    }
}

void LiveReader::prepare(const PrepareInput& prepare) {
    std::shared_ptr<InferenceSession> session;
    DataInfo info;
    {
        const std::lock_guard lock(mutex_);
        session = session_;
        info = info_;
    }
    try {
        auto made = prepare(info);
        if (session)
            session->request(made.input);
        QMetaObject::invokeMethod(
            this, [this, made = std::move(made)] { Q_EMIT prepared(made); }, Qt::QueuedConnection);
    } catch (const std::exception& error) {
        QMetaObject::invokeMethod(
            this, [this, reason = QString::fromUtf8(error.what())] { Q_EMIT failed(reason); },
            Qt::QueuedConnection);
    }
}

} // namespace gradwright

#include "moc_live_reader.cpp"
