#include "data/folder_files.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "data/image_file.h"
#include "data/resize.h"
#include "data/wav.h"
#include "data/waveforms.h"

namespace heddle {
namespace {

using Part = DatasetDescription::ModalityPart;

/// The different files of a column, and which is each sample's.
std::vector<std::filesystem::path> take_files(const Part& part, const FolderSource& source,
                                              Modality& modality) {
  const std::vector<std::string> names = source.table->text(part.files_column);
  std::map<std::string, std::int64_t> row_of;
  std::vector<std::filesystem::path> paths;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::filesystem::path name(names[i]);
    const std::string where =
        concat(source.table->place_of(static_cast<std::int64_t>(i)), ": column \"",
               part.files_column, "\" has \"", names[i].substr(0, 80), "\", ");
    const bool lacks = names[i].empty() && part.missing == GapTreatment::absent;
    check<InputError>(lacks || (!names[i].empty() && !name.is_absolute() &&
                                std::find(name.begin(), name.end(), "..") == name.end()),
                      where, "expected a file in the data folder",
                      names[i].empty() ? " (missing = \"absent\" allows there to be none)" : "");
    if (lacks) {
      modality.present.resize(names.size(), true);
      modality.present[i] = false;
      modality.rows.push_back(0);
      continue;
    }
    const auto [entry, is_new] = row_of.emplace(names[i], static_cast<std::int64_t>(paths.size()));
    if (is_new) {
      paths.push_back(source.folder / name);
    }
    modality.rows.push_back(entry->second);
  }
  check<InputError>(!paths.empty(), source.table->file_name(), ": column \"", part.files_column,
                    "\" names no file");
  return paths;
}

}  // namespace

void take_picture_files(const Part& part, const FolderSource& source, Modality& modality) {
  const std::vector<std::filesystem::path> paths = take_files(part, source, modality);
  float* out = nullptr;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Tensor picture = read_image(InputFile::open(paths[i]), part.grey ? 1 : 3).unsqueeze(0);
    if (part.height > 0) {
      picture = resize_pictures(picture, part.height, part.width);
    }
    if (i == 0) {
      modality.values =
          Tensor::empty(picture.shape().replaced(0, static_cast<std::int64_t>(paths.size())));
      out = modality.values.mutable_data<float>("take_picture_files");
    }
    check<InputError>(picture.shape().erased(0) == modality.values.shape().erased(0),
                      paths[i].string(), ": a picture of ", picture.size(3), "×", picture.size(2),
                      " pixels beside one of ", modality.values.size(3), "×",
                      modality.values.size(2), "; give size = [height, width]");
    out = std::copy_n(picture.data<float>(), picture.elements(), out);
  }
}

void take_sound_files(const Part& part, const FolderSource& source, Modality& modality) {
  std::vector<float> samples;
  modality.starts = {0};
  for (const std::filesystem::path& path : take_files(part, source, modality)) {
    const Recording recording = read_wav(InputFile::open(path));
    check<InputError>(recording.sample_rate == part.log_mel->sample_rate, path.string(),
                      ": recorded at ", recording.sample_rate, " Hz, but log_mel.sample_rate is ",
                      part.log_mel->sample_rate);
    const float* in = recording.samples.data<float>();
    samples.insert(samples.end(), in, in + recording.samples.elements());
    modality.starts.push_back(static_cast<std::int64_t>(samples.size()));
  }
  const Tensor all =
      Tensor::from(std::span<const float>(samples), {static_cast<std::int64_t>(samples.size())});
  WaveformFrames made =
      frames_of_waveforms(all, modality.starts, *part.log_mel, noise_of_waveforms(part));
  modality.values = made.frames;
  modality.starts = std::move(made.starts);
}

}  // namespace heddle
