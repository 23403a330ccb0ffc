// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/data_probe.h"

namespace gradwright {

DataProbe::DataProbe(ProjectDocument& document, QObject* parent)
    : QObject(parent)
    , document_(&document) {
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & (ProjectDocument::DataChange | ProjectDocument::ReplacedChange))
            probe();
    });
    probe();
}

std::shared_ptr<const Dataset> DataProbe::data() const {
    return data_ && opensAlike(read_, document_->project().data) ? data_ : nullptr;
}

void DataProbe::probe() {
    const DataChoice& choice = document_->project().data;
    if (job_ != 0 && opensAlike(asked_, choice) && document_->dataInfo())
        return;
    asked_ = choice;
    jobs_.cancel(job_);
    job_ = jobs_.start([this, choice](const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            return [this, choice, data = std::make_shared<const Dataset>(openDataset(choice))] {
                read_ = choice;
                data_ = data;
                document_->setDataInfo(choice, data->info, data->notes);
                Q_EMIT changed();
            };
        } catch (const std::exception& error) {
            return [this, choice, reason = std::string(error.what())] {
                data_.reset();
                document_->setDataProblem(choice, reason);
                Q_EMIT changed();
            };
        }
    });
    Q_EMIT changed();
}

} // namespace gradwright

#include "moc_data_probe.cpp"
