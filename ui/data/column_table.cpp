// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/column_table.h"

#include "engine/data/catalog.h"
#include "engine/support/error.h"
#include "ui/forms/param_editor.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QResizeEvent>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QStyle>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <iterator>

namespace gradwright {
namespace {

constexpr int kColumnRowHeight = 30;
constexpr int kRoleWidth = 132;
constexpr int kChevron = 12;
constexpr int kNarrowTable = 840;
constexpr int kTightTable = 520;
constexpr int kRelationRoom = 640;
constexpr int kWideTable = 1060; ///< in which the first values have room, too
constexpr int kRoomyTable = 800; ///< in which they leave room for what is counted
constexpr int kFirstWidth = 190;

const ColumnModel& modelOf(const QModelIndex& index) {
    const auto* const proxy = static_cast<const QSortFilterProxyModel*>(index.model());
    return *static_cast<const ColumnModel*>(proxy->sourceModel());
}

int rowOf(const QModelIndex& index) {
    return static_cast<const QSortFilterProxyModel*>(index.model())->mapToSource(index).row();
}

/// Shows what can be chosen as a closed list, which opens over its cell.
class ChoiceDelegate final : public QStyledItemDelegate {
public:
    ChoiceDelegate(const ThemeManager& themes, QObject* parent)
        : QStyledItemDelegate(parent)
        , themes_(&themes) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        if (!index.flags().testFlag(Qt::ItemIsEditable))
            return;
        const QRect& cell = option.rect;
        const Theme& theme = themes_->theme();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme.border, 1));
        painter->drawRoundedRect(QRectF(cell).adjusted(2.5, 3.5, -2.5, -3.5), 5, 5);
        drawIcon(*painter,
                 QRectF(cell.right() - kChevron - 8, cell.center().y() - kChevron / 2 + 1, kChevron,
                        kChevron),
                 QStringLiteral("chevron-down"), theme.text2);
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QSize size = QStyledItemDelegate::sizeHint(option, index);
        size.rwidth() += kChevron + 20;
        return size;
    }

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem&,
                          const QModelIndex& index) const override {
        auto* const box = new QComboBox(parent);
        const bool isType = index.column() == ColumnModel::Type;
        box->setObjectName(isType ? QStringLiteral("type") : QStringLiteral("role"));
        box->setAccessibleName(
            (isType ? ColumnTable::tr("Type of %1") : ColumnTable::tr("Role of %1"))
                .arg(index.siblingAtColumn(ColumnModel::Name).data().toString()));
        const ColumnModel& model = modelOf(index);
        for (const auto& choice : model.choices(model.index(rowOf(index), index.column())))
            box->addItem(choice.title, choice.value);
        auto* const self = const_cast<ChoiceDelegate*>(this);
        QObject::connect(box, &QComboBox::activated, box, [self, box] {
            Q_EMIT self->commitData(box);
            Q_EMIT self->closeEditor(box);
        });
        // Once it has its place.
        QMetaObject::invokeMethod(box, &QComboBox::showPopup, Qt::QueuedConnection);
        return box;
    }
    void setEditorData(QWidget* editor, const QModelIndex& index) const override {
        auto* const box = static_cast<QComboBox*>(editor);
        box->setCurrentIndex(box->findData(index.data(Qt::EditRole)));
    }
    void setModelData(QWidget* editor, QAbstractItemModel* model,
                      const QModelIndex& index) const override {
        model->setData(index, static_cast<QComboBox*>(editor)->currentData(), Qt::EditRole);
    }
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex&) const override {
        editor->setGeometry(option.rect);
    }

private:
    const ThemeManager* themes_;
};

/// Enter and Space open the list of types in its cell and that of roles everywhere else in the row.
class ColumnView final : public QTableView {
public:
    using QTableView::QTableView;

protected:
    void keyPressEvent(QKeyEvent* event) override {
        const bool opens = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter ||
                           event->key() == Qt::Key_Space || event->key() == Qt::Key_F2;
        const bool isType = currentIndex().column() == ColumnModel::Type &&
                            currentIndex().flags().testFlag(Qt::ItemIsEditable);
        const QModelIndex cell =
            isType ? currentIndex() : currentIndex().siblingAtColumn(ColumnModel::Role);
        if (opens && cell.isValid() && cell.flags().testFlag(Qt::ItemIsEditable) &&
            state() != QAbstractItemView::EditingState) {
            edit(cell);
            return;
        }
        QTableView::keyPressEvent(event);
    }
};

const ParamSpec& taskSpec() {
    return *findParam(dataset("csv").params, "task");
}

} // namespace

ColumnTable::ColumnTable(ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , model_(new ColumnModel(this))
    , sorted_(new QSortFilterProxyModel(this))
    , view_(new ColumnView)
    , task_(new QComboBox)
    , effect_(new QLabel) {
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(ColumnModel::kSortRole);
    view_->setModel(sorted_);
    view_->setObjectName(QStringLiteral("columns"));
    view_->setAccessibleName(tr("Columns of the table"));
    auto* const lists = new ChoiceDelegate(themes, view_);
    for (const int section : {ColumnModel::Type, ColumnModel::Role})
        view_->setItemDelegateForColumn(section, lists);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::SingleSelection);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers); // see clicked() and the keys
    view_->setShowGrid(false);
    view_->setTabKeyNavigation(false);
    view_->setSortingEnabled(true);
    view_->sortByColumn(-1, Qt::AscendingOrder); // as in the file
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setDefaultSectionSize(kColumnRowHeight);
    auto* const header = view_->horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(ColumnModel::Name, QHeaderView::Stretch);
    header->setSectionResizeMode(ColumnModel::Role, QHeaderView::Fixed);
    header->resizeSection(ColumnModel::Role, kRoleWidth);
    header->setSectionResizeMode(ColumnModel::First, QHeaderView::Fixed);
    header->resizeSection(ColumnModel::First, kFirstWidth);
    header->setMinimumSectionSize(56);
    connect(view_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const bool isChoice =
            index.column() == ColumnModel::Role || index.column() == ColumnModel::Type;
        if (isChoice && index.flags().testFlag(Qt::ItemIsEditable))
            view_->edit(index);
    });
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &ColumnTable::selectionChanged);
    connect(model_, &QAbstractItemModel::dataChanged, this, &ColumnTable::selectionChanged);
    connect(model_, &ColumnModel::roleChosen, this, &ColumnTable::chooseRole);
    connect(model_, &ColumnModel::typeChosen, this, &ColumnTable::chooseType);

    task_->setObjectName(QStringLiteral("task"));
    for (const ParamChoice& choice : taskSpec().choices)
        task_->addItem(qstr(choice.title), qstr(choice.key));
    task_->setAccessibleName(qstr(taskSpec().title));
    explainParam(*task_, taskSpec(), "dataset/csv/task");
    leaveWheelToForm(*task_);
    connect(task_, &QComboBox::activated, this, &ColumnTable::chooseTask);
    auto* const label = new QLabel(tr("Predict as"));
    label->setBuddy(task_);
    effect_->setObjectName(QStringLiteral("columnsEffect"));
    effect_->setWordWrap(true);
    effect_->setTextFormat(Qt::PlainText);
    auto* const row = new QHBoxLayout;
    row->setContentsMargins(14, 8, 14, 8);
    row->setSpacing(8);
    row->addWidget(effect_, 1);
    row->addWidget(label);
    row->addWidget(task_);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(row);
    layout->addWidget(view_, 1);
}

void ColumnTable::setTable(const TableSurvey& survey, const DataChoice& choice,
                           const std::optional<DataInfo>& info) {
    survey_ = survey;
    choice_ = choice;
    info_ = info;
    model_->setTable(survey, choice, info);
    const Params params(dataset(choice.dataset).params, choice.params);
    const QSignalBlocker quiet(task_);
    task_->setCurrentIndex(task_->findData(qstr(params.text("task"))));
    if (!view_->currentIndex().isValid() && sorted_->rowCount() > 0)
        view_->setCurrentIndex(sorted_->index(0, ColumnModel::Name));
    showEffect();
}

void ColumnTable::clear() {
    model_->clear();
    survey_ = {};
    info_.reset();
    showEffect();
}

void ColumnTable::setLocked(bool locked) {
    model_->setLocked(locked);
    task_->setEnabled(!locked);
    view_->viewport()->update();
}

void ColumnTable::setProblem(const QString& problem) {
    problem_ = problem;
    showEffect();
}

void ColumnTable::selectColumn(const std::string& column) {
    const int row = model_->rowOf(column);
    if (row >= 0)
        view_->setCurrentIndex(sorted_->mapFromSource(model_->index(row, ColumnModel::Name)));
}

const ColumnFacts* ColumnTable::selected() const {
    const QModelIndex index = view_->currentIndex();
    return index.isValid() ? model_->factsAt(sorted_->mapToSource(index).row()) : nullptr;
}

/// With little room, what a chosen column shows anyway makes way.
void ColumnTable::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int room = event->size().width();
    view_->setColumnHidden(ColumnModel::First, room < (wantsFirst_ ? kTightTable : kWideTable));
    for (const int section : {ColumnModel::Missing, ColumnModel::Distinct})
        view_->setColumnHidden(section, room < (wantsFirst_ ? kRoomyTable : kNarrowTable));
    view_->setColumnHidden(ColumnModel::WithTarget,
                           room < (wantsFirst_ ? kWideTable : kRelationRoom));
}

void ColumnTable::chooseRole(const std::string& column, ColumnRole role) {
    try {
        Q_EMIT edited(tr("role of %1").arg(qstr(column)), withRole(choice_, survey_, column, role));
    } catch (const Error&) {
        model_->setTable(survey_, choice_, info_); // as it was
    }
}

void ColumnTable::chooseType(const std::string& column, ColumnType type) {
    try {
        Q_EMIT edited(tr("type of %1").arg(qstr(column)), withType(choice_, survey_, column, type));
    } catch (const Error&) {
        model_->setTable(survey_, choice_, info_); // as it was
    }
}

void ColumnTable::chooseTask(int index) {
    const auto key = task_->itemData(index).toString().toStdString();
    DataChoice choice = choice_;
    choice.params.insert_or_assign("task", key);
    if (!(choice == choice_))
        Q_EMIT edited(tr("task"), choice);
}

/// "7 inputs of 4 columns; species is predicted: 3 classes".
void ColumnTable::showEffect() {
    QString text = problem_;
    const bool isProblem = !problem_.isEmpty();
    if (isProblem) {
        text = problem_.section(u'\n', 0, 0);
    } else if (!info_ || survey_.targets.empty()) {
        text = tr("Reading…");
    } else {
        const auto columns = std::ssize(info_->columns);
        QStringList targets;
        for (const std::string& target : survey_.targets)
            targets << qstr(target);
        const QString predicted = info_->hasClasses()
                                      ? tr("%1 classes").arg(fullNumber(std::ssize(info_->classes)))
                                  : targets.size() == 1 ? tr("a value")
                                                        : tr("%1 values").arg(targets.size());
        text = tr("%1 of %2; %3 is predicted: %4")
                   .arg(countedText(info_->input.elements(), tr("1 input"), tr("%1 inputs")),
                        countedText(columns, tr("1 column"), tr("%1 columns")),
                        targets.join(QStringLiteral(", ")), predicted);
    }
    effect_->setText(text);
    effect_->setProperty("textRole", isProblem ? QStringLiteral("error") : QStringLiteral("muted"));
    effect_->style()->unpolish(effect_);
    effect_->style()->polish(effect_);
}

} // namespace gradwright

#include "moc_column_table.cpp"
