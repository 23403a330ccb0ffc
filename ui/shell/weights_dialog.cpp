// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/weights_dialog.h"

#include "engine/support/error.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr QSize kWeightsSize{940, 620};
constexpr int kWeightWidth = 250;
constexpr int kShapeWidth = 110;
constexpr int kTensorWidth = 250;
constexpr int kMostUnusedHeight = 120;
enum WeightColumn { kWeight, kShape, kTensor, kWhy };
constexpr int kNoTensor = -1;
constexpr int kRowRole = Qt::UserRole;

QString shapeText(const Shape& shape) {
    return qstr(toString(shape));
}

/// Chooses among the tensors that fit the weight of a row.
class TensorDelegate final : public QStyledItemDelegate {
public:
    TensorDelegate(const WeightPlan& plan, std::function<void(std::size_t, int)> choose,
                   QObject* parent)
        : QStyledItemDelegate(parent)
        , plan_(&plan)
        , choose_(std::move(choose)) {}

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& /*option*/,
                          const QModelIndex& index) const override {
        auto* const box = new QComboBox(parent);
        box->setObjectName(QStringLiteral("tensorChoice"));
        box->setAccessibleName(WeightsDialog::tr("Tensor of the file"));
        box->addItem(WeightsDialog::tr("None: keep the first values"), kNoTensor);
        const auto& row = rowOf(index);
        for (std::size_t i = 0; i < plan_->tensors.size(); ++i)
            if (fittingAxes(plan_->tensors[i], row.shape))
                box->addItem(QStringLiteral("%1  %2").arg(qstr(plan_->tensors[i].name),
                                                          shapeText(plan_->tensors[i].shape)),
                             static_cast<int>(i));
        connect(box, &QComboBox::activated, this, [this, box] {
            auto* const self = const_cast<TensorDelegate*>(this);
            Q_EMIT self->commitData(box);
            Q_EMIT self->closeEditor(box);
        });
        return box;
    }
    void setEditorData(QWidget* editor, const QModelIndex& index) const override {
        auto* const box = static_cast<QComboBox*>(editor);
        const auto& row = rowOf(index);
        box->setCurrentIndex(box->findData(row.tensor ? static_cast<int>(*row.tensor) : kNoTensor));
        QTimer::singleShot(0, box, &QComboBox::showPopup);
    }
    void setModelData(QWidget* editor, QAbstractItemModel* /*model*/,
                      const QModelIndex& index) const override {
        const int tensor = static_cast<QComboBox*>(editor)->currentData().toInt();
        const auto& row = rowOf(index);
        if (tensor != (row.tensor ? static_cast<int>(*row.tensor) : kNoTensor))
            choose_(numberOf(index), tensor);
    }

private:
    static std::size_t numberOf(const QModelIndex& index) {
        return index.siblingAtColumn(0).data(kRowRole).toULongLong();
    }
    [[nodiscard]] const WeightRow& rowOf(const QModelIndex& index) const {
        return plan_->rows[numberOf(index)];
    }

    const WeightPlan* plan_;
    std::function<void(std::size_t, int)> choose_;
};

void setUpList(QTreeWidget& list, const QStringList& headers) {
    list.setHeaderLabels(headers);
    list.setRootIsDecorated(false);
    list.setUniformRowHeights(true);
    list.setAlternatingRowColors(true);
    list.header()->setStretchLastSection(true);
}

} // namespace

WeightsDialog::WeightsDialog(const QString& file, WeightPlan plan, const InputHint& hint,
                             QWidget* window)
    : QDialog(window)
    , plan_(std::move(plan))
    , hinted_(hint.scaling)
    , weights_(makeWeights())
    , unused_(makeUnused())
    , summary_(new QLabel)
    , unusedTitle_(new QLabel)
    , doubtful_(new QCheckBox(tr("Show only what is &doubtful or missing"))) {
    setObjectName(QStringLiteral("loadWeights"));
    setWindowTitle(tr("Load weights from %1").arg(QFileInfo(file).fileName()));
    resize(kWeightsSize.boundedTo(window->size() - QSize(40, 40)));
    summary_->setObjectName(QStringLiteral("summary"));
    summary_->setWordWrap(true);
    doubtful_->setObjectName(QStringLiteral("doubtful"));
    connect(doubtful_, &QCheckBox::toggled, this, &WeightsDialog::filter);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    load_ = buttons->addButton(tr("&Load"), QDialogButtonBox::AcceptRole);
    load_->setObjectName(QStringLiteral("load"));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(summary_);
    layout->addWidget(weights_, 1);
    layout->addWidget(doubtful_);
    layout->addWidget(unusedTitle_);
    layout->addWidget(unused_);
    layout->addWidget(makeInputs(hint));
    layout->addWidget(buttons);
    fill();
    weights_->setFocus();
}

/// Return opens the choice of a row and is not for the default button as well.
void WeightsDialog::keyPressEvent(QKeyEvent* event) {
    const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    const QWidget* const focus = focusWidget();
    if (isReturn && focus != nullptr && (focus == weights_ || weights_->isAncestorOf(focus)))
        return;
    QDialog::keyPressEvent(event);
}

QTreeWidget* WeightsDialog::makeWeights() {
    auto* const list = new QTreeWidget;
    list->setObjectName(QStringLiteral("weights"));
    list->setAccessibleName(tr("Weights of the network and their tensors"));
    setUpList(*list, {tr("Weight"), tr("Shape"), tr("Tensor of the file"), tr("Why")});
    list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list->setItemDelegateForColumn(
        kTensor, new TensorDelegate(
                     plan_, [this](std::size_t row, int tensor) { choose(row, tensor); }, list));
    for (std::size_t i = 0; i < plan_.rows.size(); ++i) {
        auto* const item = new QTreeWidgetItem;
        item->setData(kWeight, kRowRole, static_cast<qulonglong>(i));
        item->setFlags(item->flags() | Qt::ItemIsEditable);
        list->addTopLevelItem(item);
    }
    list->setColumnWidth(kWeight, kWeightWidth);
    list->setColumnWidth(kShape, kShapeWidth);
    list->setColumnWidth(kTensor, kTensorWidth);
    const auto edit = [list](QTreeWidgetItem* item) {
        if (item != nullptr)
            list->editItem(item, kTensor);
    };
    // By double click, Return or F2, wherever in the row.
    connect(list, &QTreeWidget::itemActivated, this, edit);
    list->setToolTip(tr("Double-click a row, or press Return, to choose another tensor"));
    return list;
}

QTreeWidget* WeightsDialog::makeUnused() {
    auto* const list = new QTreeWidget;
    list->setObjectName(QStringLiteral("unused"));
    list->setAccessibleName(tr("Tensors that are not used"));
    setUpList(*list, {tr("Tensor that is not used"), tr("Shape"), tr("Why")});
    list->setColumnWidth(0, kWeightWidth);
    list->setColumnWidth(1, kShapeWidth);
    list->setMaximumHeight(kMostUnusedHeight);
    return list;
}

QWidget* WeightsDialog::makeInputs(const InputHint& hint) {
    auto* const box = new QWidget;
    convention_ = new QComboBox;
    convention_->setObjectName(QStringLiteral("convention"));
    if (hint.scaling)
        convention_->addItem(
            tr("As %1 says: %2").arg(qstr(hint.file), qstr(toString(*hint.scaling))), QString());
    for (const auto& convention : inputConventions()) {
        convention_->addItem(qstr(convention.title), qstr(convention.key));
        convention_->setItemData(convention_->count() - 1, qstr(convention.doc), Qt::ToolTipRole);
    }
    colours_ = new QComboBox;
    colours_->setObjectName(QStringLiteral("colours"));
    colours_->addItem(tr("Red, green, blue"));
    colours_->addItem(tr("Blue, green, red"));
    colours_->setToolTip(tr("With blue first, the kernels that read an image are turned round: the "
                            "network then takes red, green, blue as ever."));
    connect(convention_, &QComboBox::currentIndexChanged, this, [this] {
        const auto key = convention_->currentData().toString().toStdString();
        const bool isBgr = !key.empty() && inputConvention(key).colours == ColourOrder::Bgr;
        colours_->setCurrentIndex(isBgr ? 1 : 0);
    });
    auto* const form = new QFormLayout(box);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Images were scaled by"), convention_);
    form->addRow(tr("&Colours in the order"), colours_);
    return box;
}

std::optional<ChannelScaling> WeightsDialog::scaling() const {
    const auto key = convention_->currentData().toString().toStdString();
    return key.empty() ? hinted_ : inputConvention(key).scaling;
}

ColourOrder WeightsDialog::colours() const {
    return colours_->currentIndex() == 1 ? ColourOrder::Bgr : ColourOrder::Rgb;
}

void WeightsDialog::fillRow(QTreeWidgetItem& item, const WeightRow& row) {
    item.setText(kWeight, qstr(row.key));
    item.setText(kShape, shapeText(row.shape));
    item.setText(kTensor, row.tensor ? qstr(plan_.tensors[*row.tensor].name) : tr("none"));
    item.setText(kWhy, row.axes.empty() ? qstr(row.why)
                                        : tr("%1; its axes change places").arg(qstr(row.why)));
    auto font = item.font(kTensor);
    font.setItalic(!row.tensor || row.by == MatchedBy::Doubt);
    font.setBold(row.by == MatchedBy::Hand);
    for (const int column : {kTensor, kWhy})
        item.setFont(column, font);
    for (int column = 0; column < item.columnCount(); ++column)
        item.setToolTip(column, item.text(column));
}

void WeightsDialog::fill() {
    for (std::size_t i = 0; i < plan_.rows.size(); ++i)
        fillRow(*weights_->topLevelItem(static_cast<int>(i)), plan_.rows[i]);
    unused_->clear();
    const auto unused = plan_.unused();
    for (const auto& each : unused)
        unused_->addTopLevelItem(
            new QTreeWidgetItem({qstr(plan_.tensors[each.tensor].name),
                                 shapeText(plan_.tensors[each.tensor].shape), qstr(each.why)}));
    unusedTitle_->setText(countedText(std::ssize(unused), tr("1 tensor of the file is not used:"),
                                      tr("%1 tensors of the file are not used:")));
    unusedTitle_->setVisible(!unused.empty());
    unused_->setVisible(!unused.empty());
    const auto doubtful = std::ranges::count(plan_.rows, MatchedBy::Doubt, &WeightRow::by);
    QString text =
        tr("%1 of %2 weights are in the file.").arg(plan_.matched()).arg(plan_.rows.size());
    if (plan_.matched() < plan_.rows.size())
        text += u' ' + (plan_.rows.size() - plan_.matched() == 1
                            ? tr("The other one keeps its first values.")
                            : tr("The others keep their first values."));
    if (doubtful > 0)
        text += u' ' + countedText(doubtful, tr("1 is doubtful: look at it."),
                                   tr("%1 are doubtful: look at them."));
    summary_->setText(text);
    load_->setEnabled(plan_.matched() > 0);
    filter();
}

void WeightsDialog::choose(std::size_t row, int tensor) {
    try {
        correct(plan_, plan_.rows[row].key,
                tensor == kNoTensor ? std::string()
                                    : plan_.tensors[static_cast<std::size_t>(tensor)].name);
    } catch (const Error& error) {
        QMessageBox::warning(this, windowTitle(), qstr(error.what()));
    }
    fill();
}

void WeightsDialog::filter() {
    for (std::size_t i = 0; i < plan_.rows.size(); ++i) {
        const auto& row = plan_.rows[i];
        weights_->topLevelItem(static_cast<int>(i))
            ->setHidden(doubtful_->isChecked() && row.tensor && row.by != MatchedBy::Doubt);
    }
}

} // namespace gradwright

#include "moc_weights_dialog.cpp"
