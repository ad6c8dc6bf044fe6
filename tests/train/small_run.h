#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "train/config.h"
#include "train/load_data.h"

namespace heddle {

/// A run of a second: all of a real one's parts, little of each.
inline RunConfig small_config() {
  RunConfig config;
  config.name = "small";
  config.data.train = 60;
  config.data.valid = 20;
  config.data.test = 20;
  config.model.hidden = 6;
  config.model.missing_vectors = true;
  config.model.dropout = 0.1;
  config.model.tokens.embedding = 5;
  config.model.image.channels = {2, 2};
  config.train.epochs = 3;
  config.train.batch_size = 16;
  config.train.modality_dropout = 0.5;
  config.train.clip_norm = 1.0;
  config.train.log_every = 2;
  config.optimizer.weight_decay = 0.01;
  config.schedule.kind = ScheduleKind::cosine;
  config.schedule.warmup_steps = 2;
  return config;
}

/// A new folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "heddle-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace heddle
