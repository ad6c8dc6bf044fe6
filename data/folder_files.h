#pragma once

#include "data/dataset.h"
#include "data/dataset_description.h"
#include "data/folder_modalities.h"

namespace heddle {

/// Pictures (PNG, JPEG) from the files that a column of the table names, brought to "size", or all
/// of one size. A file that several samples name is read once, and its row shared; an empty cell is
/// an absent picture where missing = "absent". Errors (InputError): as read_image; a name that
/// leads out of the data folder; pictures of different sizes without "size".
void take_picture_files(const DatasetDescription::ModalityPart& part, const FolderSource& source,
                        Modality& modality);

/// The same for recordings (WAV), of which log-mel frames are made. Errors (InputError): as
/// read_wav; a recording of another sample rate than [modality.log_mel] says.
void take_sound_files(const DatasetDescription::ModalityPart& part, const FolderSource& source,
                      Modality& modality);

}  // namespace heddle
