// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/table_panel.h"

#include "ui/inference/answer_card.h"
#include "ui/inference/cards.h"
#include "ui/inference/row_form.h"
#include "ui/inference/test_rows.h"
#include "ui/inference/test_stepper.h"
#include "ui/session/live_reader.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr int kLeastForm = 250;
constexpr int kMostForm = 340;
constexpr int kRowHeight = 26;

} // namespace

TablePanel::TablePanel(ThemeManager& theme, QWidget* parent)
    : InputPanel(parent)
    , reader_(new LiveReader(this))
    , form_(new RowForm(theme))
    , answer_(new AnswerCard(theme))
    , stepper_(new TestStepper(theme, tr("row")))
    , tested_(new TestRows(theme, this))
    , view_(new QTableView)
    , order_(mutedLabel({})) {
    auto* right = new QVBoxLayout;
    right->setSpacing(12);
    right->addWidget(answer_, 4);
    right->addWidget(makeRowsCard(), 5);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(makeFormCard(), 2);
    layout->addLayout(right, 3);
    connectReader();
    connect(form_, &RowForm::edited, this, &TablePanel::readEdited);
    connect(stepper_, &TestStepper::sampleWanted, this, &TablePanel::showSample);
}

bool TablePanel::suits(const DataInfo& info) {
    return !info.columns.empty() && !info.reconstructs;
}

QWidget* TablePanel::makeFormCard() {
    const auto card = makeCard(tr("A row"));
    card.header->addWidget(mutedLabel(tr("read while you type")));
    card.header->addStretch(1);
    card.body->addWidget(stepper_);
    card.body->addWidget(form_, 1);
    card.frame->setMinimumWidth(kLeastForm);
    card.frame->setMaximumWidth(kMostForm);
    return card.frame;
}

QWidget* TablePanel::makeRowsCard() {
    const auto card = makeCard(tr("Test rows"));
    card.header->addWidget(order_);
    card.header->addStretch(1);
    view_->setModel(tested_);
    view_->setObjectName(QStringLiteral("test rows"));
    view_->setAccessibleName(tr("Test rows, the worst first"));
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::SingleSelection);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setDefaultSectionSize(kRowHeight);
    view_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->horizontalHeader()->setResizeContentsPrecision(0); // of what is in sight
    view_->setCornerWidget(new QWidget);
    view_->setMinimumHeight(120);
    card.body->addWidget(view_, 1);
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) {
                if (current.isValid() && !marking_)
                    showSample(tested_->sampleAt(current.row()));
            });
    return card.frame;
}

void TablePanel::connectReader() {
    connect(reader_, &LiveReader::answered, this, [this](const InferenceAnswer& answer) {
        if (form_->problem().isEmpty())
            answer_->setAnswer(answer);
    });
    connect(reader_, &LiveReader::failed, this, &TablePanel::showReason);
}

void TablePanel::setModel(const std::shared_ptr<const TrainedModel>& model, bool live) {
    const bool sameColumns =
        model && model_ && model->data->info.columns == model_->data->info.columns;
    const bool sameRows = sameColumns && model->choice == model_->choice;
    const auto shown = stepper_->current();
    model_ = model;
    reader_->setModel(model);
    if (!model_) {
        form_->setColumns({}, {});
        stepper_->setSamples(0);
        tested_->setReport({});
        showReason(tr("Nothing is trained yet. Press Start; rows are read as soon as there are "
                      "weights, even while it runs."));
        return;
    }
    if (!live) {
        answer_->setModel(*model_);
        stepper_->setSamples(model_->data->test->size());
    }
    if (sameRows && shown >= 0) {
        showSample(shown);
        return;
    }
    if (sameColumns) {
        read(); // what was typed stays
        return;
    }
    form_->setColumns(model_->data->info.columns, *model_->data->table);
    if (model_->data->test->size() > 0)
        showSample(0);
}

void TablePanel::setData(const DataInfo& info) {
    answer_->setData(info);
}

void TablePanel::clear() {
    answer_->clear();
    tested_->setReport({});
}

void TablePanel::showReason(const QString& reason) {
    answer_->clear();
    answer_->setHint(reason);
}

void TablePanel::showSample(std::int64_t sample) {
    if (!model_)
        return;
    form_->setCells(model_->data->test->cells(sample));
    stepper_->setCurrent(sample);
    read();
    answer_->setTruth(truthOf(*model_, sample));
    markCurrent();
}

void TablePanel::readEdited() {
    stepper_->setCurrent(-1);
    answer_->setTruth({});
    markCurrent();
    read();
}

void TablePanel::read() {
    if (!model_)
        return;
    if (const auto problem = form_->problem(); !problem.isEmpty())
        showReason(problem);
    else
        reader_->read(inputOfRow(form_->cells()));
}

void TablePanel::setReport(const std::shared_ptr<const TestReport>& report) {
    const bool usable = report && model_ && report->model->data == model_->data;
    tested_->setReport(usable ? report : nullptr);
    view_->resizeColumnsToContents();
    order_->setText(!usable ? tr("once the test set is read")
                    : model_->data->info.hasClasses()
                        ? tr("%1 of %2 wrong, these first")
                              .arg(fullNumber(tested_->wrong()), fullNumber(report->samples))
                        : tr("largest error first"));
    markCurrent();
    view_->scrollToTop();
}

void TablePanel::markCurrent() {
    marking_ = true;
    const int row = stepper_->current() < 0 ? -1 : tested_->rowOf(stepper_->current());
    if (row < 0)
        view_->clearSelection();
    view_->setCurrentIndex(row < 0 ? QModelIndex() : tested_->index(row, 0));
    marking_ = false;
}

} // namespace gradwright

#include "moc_table_panel.cpp"
