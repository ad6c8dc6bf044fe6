// What a block says of threads that did wrong, or wait where nobody comes.

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "kernels/gpu/sim/async_proxy.h"
#include "kernels/gpu/sim/block.h"

namespace heddle::sim {
namespace {

std::string in_words(uint3 index) {
  return concat('(', index.x, ", ", index.y, ", ", index.z, ')');
}

std::string base_name(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

}  // namespace

std::string Block::name() const { return concat("block ", in_words(index_)); }

std::string Block::where(unsigned linear) const {
  return concat(shape_.kernel, ", ", name(), ", thread ", in_words(threads_[linear].index));
}

void Block::fail_at(unsigned thread, Place place, const std::string& message) const {
  fail<KernelError>(where(thread), ", ", base_name(place.file), ":", place.line, ": ", message);
}

void Block::fail_here(Place place, const std::string& message) const {
  fail_at(current_->linear, place, message);
}

std::string Block::stuck_report(const char* what) const {
  return concat(shape_.kernel, ": ", name(), " of ", count_, " threads ", what, ":", waits(),
                async_proxy_ == nullptr ? std::string() : async_proxy_->waits());
}

std::string Block::waits() const {
  // By word and line, in the order of the first thread that waits there.
  std::vector<std::pair<std::string, std::vector<unsigned>>> groups;
  unsigned ended = 0;
  for (const KernelThread& thread : threads_) {
    if (thread.waiting == Waiting::ended) {
      ++ended;
      continue;
    }
    const std::string place =
        thread.waiting == Waiting::nowhere
            ? std::string("have not come to a wait")
            : concat(thread.waiting == Waiting::flag ? "wait for a flag at " : "wait at ",
                     thread.word, " (", base_name(thread.place.file), ":", thread.place.line, ")");
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const auto& group) { return group.first == place; });
    if (found == groups.end()) {
      groups.push_back({place, {thread.linear}});
    } else {
      found->second.push_back(thread.linear);
    }
  }
  std::string report;
  for (const auto& [place, members] : groups) {
    report += concat(' ', members.size(), members.size() == 1 ? " thread " : " threads (first ",
                     members.size() == 1 ? concat("(", members.front(), ") ")
                                         : concat(members.front(), ", last ", members.back(), ") "),
                     place, ';');
  }
  report += concat(' ', ended, " have ended");
  return report;
}

}  // namespace heddle::sim
