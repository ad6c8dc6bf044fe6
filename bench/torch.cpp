#include "bench/torch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>

#include "core/error.h"

namespace heddle::bench {
namespace {

using nlohmann::json;

/// torch_peer.py as a process that answers line by line.
class Server {
 public:
  Server(const std::string& python, const Setting& setting) {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    // Closed in programs started later: a server ends when nobody can write to it any more.
    check<Unavailable>(pipe2(to.data(), O_CLOEXEC) == 0 && pipe2(from.data(), O_CLOEXEC) == 0,
                       "PyTorch: no pipe to be had");
    process_ = fork();
    check<Unavailable>(process_ >= 0, "PyTorch: no process to be had");
    if (process_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      const std::string device(name_of(setting.device.backend));
      const std::string threads = std::to_string(setting.threads);
      execlp(python.c_str(), python.c_str(), HEDDLE_TORCH_PEER, "--device", device.c_str(),
             "--threads", threads.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    requests_ = fdopen(to[1], "w");
    answers_ = fdopen(from[0], "r");
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    std::fclose(requests_);  // it ends at the end of its input
    std::fclose(answers_);
    waitpid(process_, nullptr, 0);
  }

  /// Processor time so far (proc_pid_stat(5)); 0 where it cannot be read.
  double seconds() const {
    std::ifstream stat(heddle::concat("/proc/", process_, "/stat"));
    std::string line;
    std::getline(stat, line);
    std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
    std::string skipped;
    for (int field = 3; field < 14; ++field) {
      fields >> skipped;
    }
    double user = 0;
    double system = 0;
    return fields >> user >> system ? (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK))
                                    : 0;
  }

  /// Errors (Unavailable): the answer is an error, or none comes.
  json ask(const json& request) {
    std::fprintf(requests_, "%s\n", request.dump().c_str());
    std::fflush(requests_);
    std::string line;
    for (int letter = std::fgetc(answers_); letter != EOF && letter != '\n';
         letter = std::fgetc(answers_)) {
      line += static_cast<char>(letter);
    }
    json answer = json::parse(line, nullptr, false);
    check<Unavailable>(answer.is_object(), "PyTorch: no answer");
    check<Unavailable>(!answer.contains("error"), answer.value("error", ""));
    return answer;
  }

 private:
  pid_t process_ = -1;
  std::FILE* requests_ = nullptr;
  std::FILE* answers_ = nullptr;
};

std::vector<std::string>& pythons() {
  static std::vector<std::string> all;
  return all;
}

const std::vector<std::string> all_modes = {"eager", "graph", "compile", "compile+graph"};

std::vector<std::string>& modes_on_card() {
  static std::vector<std::string> modes = all_modes;
  return modes;
}

/// Servers live as long as the program: starting one takes seconds.
std::map<std::string, std::unique_ptr<Server>>& servers() {
  static std::map<std::string, std::unique_ptr<Server>> all;
  return all;
}

Server& server_of(const std::string& python, const Setting& setting) {
  auto& server = servers()[heddle::concat(python, ' ', setting.device, ' ', setting.threads)];
  if (!server) {
    server = std::make_unique<Server>(python, setting);
  }
  return *server;
}

double median_seconds(const json& answer) {
  std::vector<double> milliseconds = answer.at("ms");
  check<Unavailable>(!milliseconds.empty(), "PyTorch: an answer without times");
  std::sort(milliseconds.begin(), milliseconds.end());
  return 1e-3 * milliseconds[milliseconds.size() / 2];
}

/// The accuracy class that PyTorch is asked for, in its words.
json with_math(json request, Math math) {
  request["dtype"] = math == Math::bf16 ? "bf16" : "f32";
  request["math"] = math == Math::tf32 ? "tf32" : "exact";
  return request;
}

Contender contender(const std::string& python, const TorchRequest& what, const std::string& mode,
                    const Setting& setting) {
  Contender one{.name = heddle::concat("PyTorch (", python, ')'),
                .math = std::string(heddle::name_of(setting.math)),
                .run = {},
                .remote = {},
                .error = {},
                .poison = {},
                .absent = {}};
  try {
    Server& server = server_of(python, setting);
    const std::string version = server.ask({{"hello", true}}).at("torch");
    one.name = heddle::concat("PyTorch ", version.substr(0, version.find('+')),
                              mode == "eager" ? "" : ", " + mode);
    json request = with_math({{"family", what.family},
                              {"sizes", what.sizes},
                              {"direction", what.direction},
                              {"mode", mode},
                              {"cold", what.cold}},
                             setting.math);
    const auto drop = std::shared_ptr<void>(nullptr, [&server, request](void*) {
      json last = request;
      last["drop"] = true;
      try {
        server.ask(last);
      } catch (const Unavailable&) {  // it has gone; there is nothing to drop
      }
    });
    one.remote = [&server, request, drop](double seconds) mutable {
      request["seconds"] = seconds;
      return median_seconds(server.ask(request));
    };
  } catch (const Unavailable& error) {
    one.absent = error.what();
  }
  return one;
}

}  // namespace

void add_torch(const std::string& python) {
  check<UsageError>(std::system(("'" + python + "' -c 'import torch' 2>/dev/null").c_str()) == 0,
                    "--torch ", python, ": it cannot import torch");
  std::signal(SIGPIPE, SIG_IGN);  // a server that dies is an error of its own, not our end
  pythons().push_back(python);
}

void choose_torch_modes(const std::vector<std::string>& modes) {
  for (const std::string& mode : modes) {
    check<UsageError>(std::find(all_modes.begin(), all_modes.end(), mode) != all_modes.end(),
                      "--torch-modes ", mode,
                      ": unknown; expected some of eager,graph,compile,compile+graph");
  }
  modes_on_card() = modes;
}

std::vector<Contender> torch_contenders(const TorchRequest& request, const Setting& setting) {
  std::vector<Contender> all;
  const bool on_host = setting.device.backend == Backend::cpu;
  const std::vector<std::string> modes =
      on_host ? std::vector<std::string>{"eager"} : modes_on_card();
  for (const std::string& python : pythons()) {
    for (const std::string& mode : modes) {
      all.push_back(contender(python, request, mode, setting));
    }
  }
  return all;
}

double torch_seconds() {
  double all = 0;
  for (const auto& [name, server] : servers()) {
    all += server->seconds();
  }
  return all;
}

json ask_torch(const json& request, const Setting& setting) {
  check<Unavailable>(!pythons().empty(), "no Python with PyTorch was named (--torch)");
  return server_of(pythons().front(), setting).ask(request);
}

}  // namespace heddle::bench
