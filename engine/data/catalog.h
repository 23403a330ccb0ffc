// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

namespace gradwright {

// One line a data set here and one in catalog.cpp; each is defined in its own file in datasets/.
DatasetDef mnistDataset();
DatasetDef fashionMnistDataset();
DatasetDef generatedPointsDataset();
DatasetDef generatedPatternsDataset();
DatasetDef generatedShapesDataset();
DatasetDef generatedSurfaceDataset();
DatasetDef seattleWeatherDataset();
DatasetDef kingJamesBibleDataset();
DatasetDef cifar10Dataset();
DatasetDef cifar100Dataset();
DatasetDef csvTableDataset();
DatasetDef imageFoldersDataset();
DatasetDef textFileDataset();
DatasetDef idxFilesDataset();

/// Opens a choice of csvTableDataset() whose files are read as another table was.
Dataset openTableAlike(const DataChoice& choice, const TableReading& like);

} // namespace gradwright
