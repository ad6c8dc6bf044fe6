#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace heddle {

/// The program under test, run in a process of its own with its output in files.
class Program {
 public:
  /// `environment`: "NAME=VALUE", added to this process's own. `input`: its standard input.
  explicit Program(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& environment = {}, const std::string& input = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const;
  /// Waits for its end: the exit code, or 128 + the signal that ended it.
  int wait();
  /// Waits at most so long; true if it has ended.
  bool ended_within(std::chrono::milliseconds time);

  std::string output() const;  // standard output
  std::string errors() const;  // standard error

 private:
  pid_t process_ = -1;
  int code_ = -1;
  std::string folder_;
};

struct Finished {
  int code;
  std::string output;
  std::string errors;
};
Finished run_program(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment = {},
                     const std::string& input = {});

/// The arguments that make `heddle train` a matter of a second, configuration included.
std::vector<std::string> small_training(const std::string& out,
                                        const std::vector<std::string>& more = {});

/// The text of a file; empty where there is none.
std::string text_of(const std::string& path);

}  // namespace heddle
