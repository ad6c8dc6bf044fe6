#include "data/csv.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/table_builder.h"
#include "data/table_text.h"
#include "data/utf8.h"

namespace heddle {
namespace {

/// Takes records off a text, one after the other.
class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  bool at_end() const { return at_ >= text_.size(); }
  std::int64_t line() const { return line_; }

  std::vector<std::string> record() {
    std::vector<std::string> fields;
    do {
      check<InputError>(fields.size() < TableBuilder::most_columns, name_, ": line ", line_,
                        ": more than ", TableBuilder::most_columns, " fields");
      fields.push_back(at_end() || text_[at_] != '"' ? plain() : quoted());
    } while (take(','));
    take('\r');
    check<InputError>(at_end() || text_[at_] == '\n', name_, ": line ", line_,
                      ": expected a comma or the end of the line after field ", fields.size());
    line_ += take('\n') ? 1 : 0;
    return fields;
  }

 private:
  bool take(char c) {
    const bool there = !at_end() && text_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\"\r\n", at_), text_.size());
    check<InputError>(end == text_.size() || text_[end] != '"', name_, ": line ", line_,
                      ": a quote inside a field that does not begin with one");
    std::string field(text_.substr(at_, end - at_));
    at_ = end;
    return field;
  }

  std::string quoted() {
    const std::int64_t begun = line_;
    std::string field;
    ++at_;
    while (true) {
      const std::size_t quote = text_.find('"', at_);
      check<InputError>(quote != std::string_view::npos, name_, ": line ", begun,
                        ": a quote that is never closed");
      field += text_.substr(at_, quote - at_);
      at_ = quote + 1;
      if (!take('"')) {
        break;
      }
      field += '"';
    }
    line_ += std::count(field.begin(), field.end(), '\n');
    return field;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

std::string checked_table_text(const InputFile& file) {
  const std::string& name = file.name();
  check<InputError>(file.size() > 0 && file.size() <= TableBuilder::largest_file, name,
                    ": the file has ", file.size(), " bytes, expected 1 … ",
                    TableBuilder::largest_file);
  std::string text = file.read_text(0, file.size());
  const auto line_at = [&](std::size_t byte) {
    return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
  };
  if (const auto invalid = first_invalid_utf8(text)) {
    fail<InputError>(name, ": line ", line_at(*invalid), " (byte ", *invalid,
                     "): expected UTF-8 text");
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    fail<InputError>(name, ": line ", line_at(nul), " (byte ", nul, "): a NUL byte; expected text");
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.erase(0, 3);
  }
  return text;
}

Table read_csv(const InputFile& file) {
  const std::string text = checked_table_text(file);
  CsvReader reader(text, file.name());
  TableBuilder builder(file.name(), reader.record(), 1);
  while (!reader.at_end()) {
    const std::int64_t line = reader.line();
    builder.add(reader.record(), line);
  }
  return builder.take();
}

Table read_table(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  const InputFile file = InputFile::open(path);
  return ending == ".csv" ? read_csv(file) : ending == ".jsonl" ? read_jsonl(file) : read_tsv(file);
}

}  // namespace heddle
