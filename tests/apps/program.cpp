#include "tests/apps/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace heddle {

namespace {

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment, const std::string& input) {
  std::string pattern = (std::filesystem::temp_directory_path() / "heddle-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  std::vector<std::string> words = {HEDDLE_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argument_pointers = pointers_to(words);
  std::vector<std::string> settings;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    settings.emplace_back(*setting);
  }
  // The first of two equal names counts.
  settings.insert(settings.begin(), environment.begin(), environment.end());
  std::vector<char*> setting_pointers = pointers_to(settings);
  const std::string output = folder_ + "/output";
  const std::string errors = folder_ + "/errors";
  const std::string given = folder_ + "/input";
  std::ofstream(given) << input;
  process_ = fork();
  if (process_ < 0) {
    throw std::runtime_error("fork failed");
  }
  if (process_ == 0) {
    dup2(open(given.c_str(), O_RDONLY), 0);
    dup2(open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execve(HEDDLE_PROGRAM, argument_pointers.data(), setting_pointers.data());
    _exit(127);
  }
}

Program::~Program() {
  if (code_ < 0) {
    kill(process_, SIGKILL);
    wait();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Program::send(int signal) const { kill(process_, signal); }

int Program::wait() {
  if (code_ < 0) {
    int status = 0;
    waitpid(process_, &status, 0);
    code_ = exit_code(status);
  }
  return code_;
}

bool Program::ended_within(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (code_ < 0) {
    int status = 0;
    if (waitpid(process_, &status, WNOHANG) == process_) {
      code_ = exit_code(status);
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return true;
}

std::string Program::output() const { return text_of(folder_ + "/output"); }
std::string Program::errors() const { return text_of(folder_ + "/errors"); }

Finished run_program(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment, const std::string& input) {
  Program program(arguments, environment, input);
  const int code = program.wait();
  return {code, program.output(), program.errors()};
}

std::vector<std::string> small_training(const std::string& out,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> words = {
      "train", HEDDLE_SOURCE_DIR "/configs/demo.toml", "--out", out, "--threads", "2"};
  for (const char* setting :
       {"data.train=64", "data.valid=16", "data.test=16", "model.hidden=6",
        "model.tokens.embedding=5", "model.image.channels=[2,2]", "train.epochs=4",
        "train.max_steps=0", "train.batch_size=8", "train.log_every=3"}) {
    words.insert(words.end(), {"--set", setting});
  }
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace heddle
